/** `__cluster_metadata-0`: every batch and record of every segment, every checkpoint, and whether they add up. */
import { join } from 'node:path'
import { count } from '../../count.ts'
import { CorruptRecordError } from '../../errors.ts'
import { decodeMetadataRecord } from '../../message/metadata-records.ts'
import { replayCheckpoint } from '../../metadata/checkpoint-replay.ts'
import type { MetaProperties } from '../../metadata/meta-properties.ts'
import { LostMetadataError } from '../../metadata/metadata-known-end.ts'
import { MetadataLog } from '../../metadata/metadata-log.ts'
import {
  listMetadataLog,
  METADATA_LOG_FOLDER,
  segmentFileName,
  walkBatches,
} from '../../metadata/metadata-log-files.ts'
import { MetadataReplay } from '../../metadata/metadata-replay.ts'
import { METADATA_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import type { CheckReport } from './report.ts'

const PLACE = { topic: METADATA_TOPIC, partition: 0 }
const MEND = 'tkafka repair'
const HIDDEN =
  'topics, partitions and settings that stand behind it cannot be trusted; every command stops here'

export function checkMetadata(os: Os, report: CheckReport, logDir: string, identity?: MetaProperties): void {
  const { fs } = os
  const folder = join(logDir, METADATA_LOG_FOLDER)
  const files = listMetadataLog(fs, folder)
  if (files === undefined) return
  const wrong = (
    kind: string,
    file: string,
    problem: string,
    meaning: string,
    position: number | null,
  ): void => report.add(PLACE, { severity: 'error', kind, file, position, problem, meaning, mend: MEND })
  let found = false
  for (const { name } of files.checkpoints) {
    const path = join(folder, name)
    report.files++
    report.bytes += fs.stat(path)?.size ?? 0
    try {
      replayCheckpoint(fs, path, new MetadataReplay())
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      found = true
      wrong(
        'bad-metadata-checkpoint',
        path,
        error.detail,
        'an older one and the log are read in its place; a broker stops at it',
        error.position,
      )
    }
  }
  files.segments.forEach((base, i) => {
    const path = join(folder, segmentFileName(base))
    const fd = fs.open(path, 'r')
    try {
      report.files++
      const walk = walkBatches(fs, fd, path, 0, (batch, position) => {
        report.batches++
        if (batch.isControl) return
        batch.walk(({ offset, buffer, valueStart, valueEnd }) => {
          report.records++
          try {
            decodeMetadataRecord(buffer, valueStart, valueEnd)
          } catch (error) {
            if (!(error instanceof CorruptRecordError)) throw error
            found = true
            wrong('bad-record', path, `record ${offset}: ${error.detail}`, HIDDEN, position)
          }
        })
      })
      report.bytes += walk.size
      if (walk.tail === undefined) return
      const isTail = !walk.goodBatchesBehind && i === files.segments.length - 1
      found ||= !isTail
      // Readers end there and the next change of the metadata cuts it; so does a broker, whatever its marker says.
      const cut = walk.size - walk.validEnd
      report.add(PLACE, {
        severity: isTail ? 'note' : 'error',
        kind: isTail ? 'torn-tail' : 'bad-batch',
        file: path,
        position: walk.tail.position,
        problem: isTail
          ? `${count(cut, 'byte at the end is', 'bytes at the end are')} no batch: ${walk.tail.detail}`
          : `${count(cut, 'byte from here on is', 'bytes from here on are')} no good log: ${walk.tail.detail}`,
        meaning: isTail ? 'the last change of the metadata was cut short; it did not happen' : HIDDEN,
        mend: MEND,
      })
    } finally {
      fs.close(fd)
    }
  })
  if (found) return
  const log = MetadataLog.open(os, logDir, identity === undefined ? {} : { identity })
  try {
    log.image()
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    const kind = error instanceof LostMetadataError ? 'lost-end' : 'bad-metadata'
    wrong(kind, error.file ?? folder, error.detail, HIDDEN, error.position)
  } finally {
    log.close()
  }
}
