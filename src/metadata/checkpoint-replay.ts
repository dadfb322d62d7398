/** Reads a metadata checkpoint; metadata-checkpoint.ts, which writes it, has the bytes. */
import { CorruptRecordError } from '../errors.ts'
import { CONTROL_TYPE, controlType } from '../message/control-messages.ts'
import type { FileSystem } from '../os/file-system.ts'
import type { RecordBatch } from '../record/record-batch.ts'
import { walkBatches } from './metadata-log-files.ts'
import type { MetadataReplay } from './metadata-replay.ts'

/**
 * Replays a checkpoint.
 * @throws CorruptRecordError where it is not whole; the replay is of no use then.
 */
export function replayCheckpoint(fs: FileSystem, path: string, replay: MetadataReplay): void {
  const fd = fs.open(path, 'r')
  try {
    let begun = false
    let ended = false
    const walk = walkBatches(fs, fd, path, 0, (batch, position) => {
      if (ended) throw new CorruptRecordError('records behind the footer of a checkpoint', position)
      if (batch.isControl) {
        if (!begun && !holds(batch, CONTROL_TYPE.SNAPSHOT_HEADER)) {
          throw new CorruptRecordError('a checkpoint without a header', position)
        }
        begun = true
        ended = holds(batch, CONTROL_TYPE.SNAPSHOT_FOOTER)
      } else if (!begun) throw new CorruptRecordError('a checkpoint without a header', position)
      replay.batch(batch)
    })
    if (walk.tail !== undefined) throw walk.tail
    if (!ended) throw new CorruptRecordError('a checkpoint without a footer', walk.validEnd, path)
  } finally {
    fs.close(fd)
  }
}

function holds(batch: RecordBatch, type: number): boolean {
  let found = false
  batch.walk(({ buffer, keyStart, keyEnd }) => {
    if (controlType(buffer, keyStart, keyEnd) === type) found = true
  })
  return found
}
