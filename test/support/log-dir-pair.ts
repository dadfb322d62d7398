import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalDirectory, type LocalDirectoryOptions } from '../../src/local/directory/local-directory.ts'
import { LogDirs } from '../../src/local/directory/log-dirs.ts'
import { randomUuid } from '../../src/message/uuid.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

export interface LogDirPair {
  /** Has the metadata. */
  readonly a: string
  readonly b: string
}

/** Two log.dirs of one node in `root`, registered and closed in order, without a topic. */
export async function makePair(os: Os, root: string): Promise<LogDirPair> {
  const [a, b] = [join(root, 'a'), join(root, 'b')]
  mkdirSync(b, { recursive: true })
  const directory = LocalDirectory.open(os, a)
  await directory.enter()
  const other = randomUuid(systemOs.randomBytes)
  const meta = readFileSync(join(a, 'meta.properties'), 'latin1')
  writeFileSync(join(b, 'meta.properties'), meta.replace(/^directory\.id=.*$/m, `directory.id=${other}`))
  await directory.alter(({ nodeId, brokers, directoryId }) => [
    {
      type: 'BrokerRegistrationChangeRecord',
      brokerId: nodeId,
      brokerEpoch: brokers.get(nodeId)?.epoch ?? -1,
      fenced: 0,
      logDirs: [directoryId ?? '', other],
    },
  ])
  await directory.leave()
  await directory.close()
  copyFileSync(join(a, '.kafka_cleanshutdown'), join(b, '.kafka_cleanshutdown'))
  return { a, b }
}

export function openPair(os: Os, { a, b }: LogDirPair, options: LocalDirectoryOptions = {}): LocalDirectory {
  const logDirs = LogDirs.open(os, [a, b])
  return LocalDirectory.open(os, logDirs.primary, { ...options, logDirs })
}
