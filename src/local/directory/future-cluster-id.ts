/** The cluster id that an empty directory will get, told before anything is written. */
import { createHash } from 'node:crypto'
import { randomUuid } from '../../message/uuid.ts'
import type { Os } from '../../os/os.ts'

/**
 * The cluster id that an empty directory gets when it is first written to, so that it can be told before and nothing is
 * written for the question: made of what marks this folder among all others. undefined where there is none, or where the
 * file system does not keep when it was made.
 */
export function futureClusterId({ fs }: Pick<Os, 'fs'>, path: string): string | undefined {
  const stat = fs.stat(path)
  if (stat === undefined || !stat.birthtimeMs || !stat.isDirectory()) return undefined
  let turn = 0
  return randomUuid((size) =>
    createHash('sha256')
      .update(`tkafka ${stat.dev} ${stat.ino} ${stat.birthtimeMs} ${turn++}`)
      .digest()
      .subarray(0, size),
  )
}
