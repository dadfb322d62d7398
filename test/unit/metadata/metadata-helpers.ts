import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { MetadataRecord } from '../../../src/message/metadata-records.ts'
import { randomUuid } from '../../../src/message/uuid.ts'
import { formatDirectory } from '../../../src/metadata/format-directory.ts'
import type { MetadataImage } from '../../../src/metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../../src/metadata/metadata-log-files.ts'
import { createTopicRecords } from '../../../src/metadata/topic-records.ts'
import { systemOs } from '../../../src/os/system-os.ts'

export function newFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-metadata-'))
}

/** A formatted directory in a temp folder. */
export function newDirectory(): string {
  const dir = newFolder()
  formatDirectory(systemOs, dir)
  return dir
}

export const logFolder = (dir: string): string => path.join(dir, METADATA_LOG_FOLDER)

export const newTopic =
  (name: string, partitions = 1, configs: readonly (readonly [string, string])[] = []) =>
  (image: MetadataImage): MetadataRecord[] =>
    createTopicRecords(image, {
      name,
      topicId: randomUuid((size) => systemOs.randomBytes(size)),
      replicas: Array.from({ length: partitions }, () => [image.nodeId]),
      configs,
    })

/** What of an image must not change by being stored in another way. */
export function essence(image: MetadataImage): object {
  const { endOffset, epoch, lastTimestamp, ...rest } = image.parts
  return rest
}
