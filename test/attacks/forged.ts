/** Family: names that become paths, in metadata, lists, checkpoints and committed offsets, are not what a broker writes. */
import fs from 'node:fs'
import path from 'node:path'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import type { MetadataRecord } from '../../src/message/metadata-records.ts'
import { type Arena, attackFiles, type Strike, type Verdict } from './arena.ts'
import type { Chance } from './chance.ts'
import { NO_HARM } from './promises.ts'
import { quickOs } from './use.ts'

const NAMES = [
  '../outside/new',
  '../../x',
  '../outside/folder',
  '/etc/tkafka-attack',
  'a/b',
  't/../../outside/x',
  '.',
  '..',
  '',
  'x'.repeat(300),
  'null\0byte',
  'line\nbreak',
  'ünïcode',
  'tab\tname',
  '-',
  't-0',
  '__cluster_metadata',
]

async function forgeTopic(arena: Arena, name: string): Promise<string> {
  const { chance, dir } = arena
  const topicId = chance.bytes(16).toString('base64url')
  const records: MetadataRecord[] = [{ type: 'TopicRecord', name, topicId }]
  if (!chance.oneIn(4)) {
    for (let partitionId = 0; partitionId < 1 + chance.below(2); partitionId++) {
      records.push({
        type: 'PartitionRecord',
        partitionId,
        topicId,
        replicas: [1],
        isr: [1],
        removingReplicas: [],
        addingReplicas: [],
        leader: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
        directories: ['AAAAAAAAAAAAAAAAAAAAAA'],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      })
    }
  }
  if (chance.oneIn(3))
    records.push({
      type: 'ConfigRecord',
      resourceType: 2,
      resourceName: name,
      name: 'retention.ms',
      value: '1',
    })
  const directory = LocalDirectory.open(quickOs, dir)
  await directory.alter(() => records)
  await directory.close()
  return `a topic of ${records.length} records`
}

async function forgeCommit({ dir }: Arena, name: string): Promise<string> {
  const directory = LocalDirectory.open(quickOs, dir)
  await new OffsetStore(quickOs, directory).commit('forged', [{ topic: name, partition: 0, offset: 3 }])
  await directory.close()
  return 'a committed offset'
}

/** A line more in one of the lists that are text. */
function forgeLine({ dir, chance }: Arena, name: string): { what: string; file: string } {
  const file = chance.of([
    'recovery-point-offset-checkpoint',
    'log-start-offset-checkpoint',
    'replication-offset-checkpoint',
    'cleaner-offset-checkpoint',
    '.tkafka-open',
    '.tkafka-making',
    '.tkafka-deleting',
  ])
  const target = path.join(dir, file)
  const text = fs.existsSync(target) ? fs.readFileSync(target, 'latin1') : ''
  if (file.startsWith('.tkafka')) {
    const header = text === '' && file === '.tkafka-open' ? `tkafka-open 1 ${quickOs.bootId()} 0\n` : text
    fs.writeFileSync(target, `${header}\n${name}-0\n`)
  } else {
    const lines = text.split('\n').filter((line) => line !== '')
    const [version = '0', count = '0', ...entries] = lines
    fs.writeFileSync(
      target,
      `${[version, String(Number(count) + 1), ...entries, `${name} 0 5`].join('\n')}\n`,
    )
  }
  return { what: `a line in ${file}`, file }
}

async function strike(arena: Arena, name: string): Promise<Strike> {
  const files = new Set<string>()
  const how = arena.chance.below(arena.template.genuine ? 2 : 3)
  let what: string
  if (how === 0) what = await forgeTopic(arena, name)
  else if (how === 1) {
    const forged = forgeLine(arena, name)
    what = forged.what
    files.add(forged.file)
  } else what = await forgeCommit(arena, name)
  return {
    what: `${what} named ${JSON.stringify(name.slice(0, 30))}`,
    harm: { files, ranges: [] },
    mends: true,
    stays: /which is no topic's name$/,
    undo: () => {},
  }
}

function anyName(chance: Chance): string {
  return chance.oneIn(4) ? `${'../'.repeat(1 + chance.below(3))}${chance.below(1000)}` : chance.of(NAMES)
}

export function forge(arena: Arena): Promise<Verdict> {
  const name = anyName(arena.chance)
  return attackFiles(arena, async () => {
    try {
      return await strike(arena, name)
    } catch (error) {
      // What refuses to write such a name has held.
      const what = `${JSON.stringify(name)} cannot be forged: ${(error as Error).message}`
      return { what, harm: NO_HARM, undo: () => {} }
    }
  })
}
