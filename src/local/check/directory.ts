/** What stands in the directory's root: the clean marker, the checkpoints, folders that belong to nobody. */
import { basename, join } from 'node:path'
import { parseCheckpoint } from '../../log/checkpoint-file.ts'
import type { OffsetCheckpointName } from '../../log/log-dir-checkpoints.ts'
import { DAMAGE_FILE, markedEnd } from '../../log/opening/damage-mark.ts'
import { PARTITION_METADATA_FILE, readPartitionMetadata } from '../../log/partition-metadata.ts'
import {
  brokerTakesFolder,
  parsePartitionDirName,
  parseSegmentFileName,
} from '../../log/segment/log-files.ts'
import { META_PROPERTIES_FILE } from '../../metadata/meta-properties.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import { whyElsewhere } from '../../metadata/replica-place.ts'
import { METADATA_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import {
  CLEAN_SHUTDOWN_FILE,
  hasCleanShutdownFile,
  readCleanShutdownFile,
} from '../directory/clean-shutdown-file.ts'
import { whyFolderStays } from '../directory/folder-owner.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import type { CheckedPartition } from './partition.ts'
import { type CheckReport, NO_PARTITION, type Place, repairCommand } from './report.ts'
import { readIfThere } from './side-files.ts'

const NAMES: readonly OffsetCheckpointName[] = ['recovery-point', 'log-start', 'replication', 'cleaner']

/** `ends` has the partitions that were looked at, by folder name. */
export function checkRoot(
  os: Os,
  report: CheckReport,
  directory: LocalDirectory,
  image: MetadataImage,
  ends: ReadonlyMap<string, CheckedPartition>,
): void {
  checkTopicNames(report, directory, image)
  for (const dir of directory.logDirs?.paths ?? [directory.path]) {
    checkMarker(os, report, directory, image, dir)
    for (const name of NAMES) {
      checkCheckpoint(os, report, join(dir, basename(directory.checkpoints.path(name))), name, ends)
    }
    checkFolders(os, report, directory, image, dir)
  }
}

/** Folders that are no partition's, or that the metadata does not name. */
function checkFolders(
  os: Os,
  report: CheckReport,
  directory: LocalDirectory,
  image: MetadataImage,
  dir: string,
): void {
  for (const name of os.fs.readdir(dir)) {
    const folder = parsePartitionDirName(name)
    const path = join(dir, name)
    if (!brokerTakesFolder(name) && os.fs.stat(path)?.isDirectory() === true) {
      report.note(
        NO_PARTITION,
        'foreign-folder',
        path,
        "it is no partition's folder",
        'tkafka works beside it, a broker does not start ("Found directory ...")',
        'move the data into a folder of its own, or this folder elsewhere',
      )
      continue
    }
    if (folder === undefined || folder.topic === METADATA_TOPIC || os.fs.stat(path)?.isDirectory() !== true)
      continue
    if (folder.state === 'live') {
      if (image.topic(folder.topic)?.partitions[folder.partition] !== undefined) continue
      if (tellUnnamed(os, report, directory, path, { topic: folder.topic, partition: folder.partition }))
        continue
      report.add(
        { topic: folder.topic, partition: folder.partition },
        {
          severity: 'error',
          kind: 'stray-folder',
          file: path,
          position: null,
          problem: `the metadata has no partition ${name}`,
          meaning: 'nobody reads it; a broker would set it aside as -stray',
          mend: 'tkafka repair sets it aside; or remove it',
        },
      )
    } else if (folder.state !== 'delete') {
      // What was deleted on purpose waits for the next broker, which removes it.
      report.note(
        NO_PARTITION,
        `${folder.state}-folder`,
        path,
        `set aside as -${folder.state}`,
        'it takes space and is read by nobody',
        'look into it, then remove it',
      )
    }
  }
}

/** A folder with records whose topic the metadata never knew. */
function tellUnnamed(
  os: Os,
  report: CheckReport,
  directory: LocalDirectory,
  path: string,
  place: Place,
): boolean {
  const id = readPartitionMetadata(os.fs, path)
  const why = id === undefined ? undefined : whyFolderStays(os, directory, path, id)
  if (why === undefined) return false
  report.add(place, {
    severity: 'error',
    kind: 'unnamed-topic',
    file: path,
    position: null,
    problem: why,
    meaning: 'nobody reads it; a broker would set it aside as -stray',
    mend: `bring back the ${METADATA_LOG_FOLDER} that knows it, or tkafka repair names the topic again, without its settings`,
  })
  return true
}

/** Whoever wrote the metadata can name a topic `../../x`: no folder is made or looked for under such a name. */
function checkTopicNames(report: CheckReport, directory: LocalDirectory, image: MetadataImage): void {
  for (const [id, name] of image.parts.illegalTopics) {
    report.error(
      NO_PARTITION,
      'illegal-topic',
      join(directory.path, METADATA_LOG_FOLDER),
      null,
      `topic ${id} is named ${JSON.stringify(name)}, which is no topic's name`,
      'it is passed over here; a broker would make folders by that name',
    )
  }
}

function checkMarker(
  os: Os,
  report: CheckReport,
  directory: LocalDirectory,
  image: MetadataImage,
  dir: string,
): void {
  const path = join(dir, CLEAN_SHUTDOWN_FILE)
  if (hasCleanShutdownFile(os, dir)) {
    const epoch = image.brokers.get(image.nodeId)?.epoch
    const said = readCleanShutdownFile(os, dir)
    // Brokers before 3.8 write no epoch.
    if (epoch === undefined || said === undefined || said === epoch || said === -1) return
    report.error(
      NO_PARTITION,
      'bad-marker',
      path,
      null,
      `it names broker epoch ${said}, the metadata ${epoch}`,
      'a broker would take its last stop for an unclean one and drop out of every replica set',
    )
    return
  }
  const { state, holders } = directory.status()
  if (state !== 'unknown' || holders.length > 0) return
  const { kind } = directory.status()
  const readOnly = kind === 'zookeeper' || kind === 'nameless'
  report.note(
    NO_PARTITION,
    'not-closed',
    dir,
    'nobody closed it in order, and nobody has checked it since',
    readOnly
      ? 'a broker that starts on it checks all logs first; tkafka only reads here'
      : 'the next command that writes, or a broker, checks all logs first',
    readOnly ? 'none is needed to read it' : 'tkafka repair',
  )
}

/** What it means that a checkpoint names an offset beyond the end of the log. */
const BEYOND_THE_END: Readonly<Record<OffsetCheckpointName, string>> = {
  replication: 'the log was longer: records at its end are missing',
  'log-start': 'all records of the partition would count as deleted',
  'recovery-point': 'what is appended next would count as done',
  cleaner: 'what is appended next would count as done',
}

function checkCheckpoint(
  os: Os,
  report: CheckReport,
  path: string,
  name: OffsetCheckpointName,
  ends: ReadonlyMap<string, CheckedPartition>,
): void {
  const bytes = readIfThere(os.fs, path)
  if (bytes === undefined) return
  report.files++
  const rows = parseCheckpoint(bytes.toString('utf8'))
  if (rows?.every((row) => row.length === 3 && /^\d+$/.test(row[1]) && /^-?\d+$/.test(row[2])) !== true) {
    report.error(
      NO_PARTITION,
      'bad-checkpoint',
      path,
      0,
      'it is no checkpoint: its version, its count or a line is wrong',
      name === 'log-start'
        ? 'records that were deleted come back'
        : 'it counts as empty: more is checked than need be',
    )
    return
  }
  for (const [topic, partition, offset] of rows) {
    const end = ends.get(`${topic}-${partition}`)
    if (end === undefined || Number(offset) <= end.logEndOffset) continue
    report.error(
      { topic, partition: Number(partition) },
      'checkpoint-beyond-end',
      path,
      null,
      `${topic}-${partition} is at ${offset}, its log ends at ${end.logEndOffset}`,
      BEYOND_THE_END[name],
    )
  }
}

/** `__cluster_metadata-0` is not here: beside other log.dirs that is as it should be, alone it is a loss. */
export function checkMetadataIsElsewhere(report: CheckReport, directory: LocalDirectory): void {
  if (directory.status().kind === 'nameless') {
    report.add(NO_PARTITION, {
      severity: 'error',
      kind: 'no-meta-properties',
      file: join(directory.path, META_PROPERTIES_FILE),
      position: null,
      problem: 'it is missing or empty',
      meaning: 'no broker starts on the directory, and tkafka only reads it',
      mend: 'bring it back from a copy, or write version=1, cluster.id, node.id and directory.id into it',
    })
  }
  if (directory.status().kind !== 'without-metadata') return
  const properties = directory.serverProperties()
  const severalDirs =
    (properties.get('log.dirs') ?? '').includes(',') || properties.get('metadata.log.dir') !== undefined
  report.add(NO_PARTITION, {
    severity: severalDirs ? 'note' : 'error',
    kind: 'metadata-elsewhere',
    file: join(directory.path, METADATA_LOG_FOLDER),
    position: null,
    problem: 'it is not here',
    meaning: severalDirs
      ? 'it lies in another of the log.dirs; topics are told by their folders here, and only read'
      : 'where this is one of several log.dirs, another one has it; else what topics there are is lost',
    mend: 'check the log directory that has it, or bring it back from a copy',
  })
}

/** A folder that is here though the metadata has it elsewhere. */
export function checkHome(report: CheckReport, place: Place, dir: string, image: MetadataImage): void {
  const partition = image.topic(place.topic ?? '')?.partitions[place.partition ?? -1]
  const elsewhere = partition && whyElsewhere(image, partition)
  if (partition === undefined || elsewhere === undefined) return
  report.add(place, {
    severity: 'error',
    kind: 'wrong-directory',
    file: dir,
    position: null,
    problem: `the metadata says that ${elsewhere} keeps it`,
    meaning: partition.replicas.includes(image.nodeId)
      ? 'a broker that finds it in two of its log.dirs does not start'
      : 'a broker sets the folder aside as -stray',
    mend: 'look whether it holds what is missing there, then move it away',
  })
}

/**
 * Whose folder it is, and what lies in it that is no part of the log. Returns whether the log may be looked at. Before
 * Kafka 2.8 a folder did not say whose it is: then `topicId` is undefined.
 */
export function checkFolder(
  os: Os,
  report: CheckReport,
  place: Place,
  directory: { readonly path: string; image(): MetadataImage; folder(name: string): string },
  topicId: string | undefined,
  isLost: boolean,
): boolean {
  const dir = directory.folder(`${place.topic}-${place.partition}`)
  const { fs } = os
  const file = join(dir, PARTITION_METADATA_FILE)
  const id = readPartitionMetadata(fs, dir)
  report.files++
  const holdsNothing = (): boolean =>
    !fs.readdir(dir).some((name) => name.endsWith('.log') && (fs.stat(join(dir, name))?.size ?? 0) > 0)
  // What is known to have held records is not in the making.
  const begun = isLost || fs.readdir(dir).some((name) => name.includes('.log'))
  const neverSaid = topicId === undefined
  if (id === undefined && !neverSaid ? !isLost && holdsNothing() : !begun) {
    report.note(
      place,
      'unfinished-folder',
      file,
      'whoever was making this folder was stopped; there is nothing in it yet',
      'the first one that writes to the partition finishes it',
      `tkafka repair --topic ${place.topic}`,
    )
    return false
  }
  if (!neverSaid && id !== topicId) {
    const stays = id === undefined ? undefined : whyFolderStays(os, directory, dir, id)
    report.add(place, {
      severity: 'error',
      kind: 'bad-partition-metadata',
      file,
      position: null,
      problem:
        id === undefined ? 'it is missing or damaged' : `it names topic id ${id}, the metadata ${topicId}`,
      meaning:
        stays === undefined
          ? 'a broker sets the folder aside and shows an empty partition'
          : `${stays}; nothing is written here, and a broker sets the folder aside`,
      mend:
        stays === undefined
          ? repairCommand(place)
          : `move the folder to where its records belong, or bring back the ${METADATA_LOG_FOLDER} that knows them`,
    })
    if (id !== undefined) return false
  }
  const damage = join(dir, DAMAGE_FILE)
  // What a mark says of the log's end is found there.
  if ((fs.stat(damage)?.size ?? 0) > 0 && markedEnd(os, dir) === undefined) {
    report.error(
      place,
      'damage-mark',
      damage,
      null,
      'marked as damaged by an earlier check',
      'nothing is appended to the partition until it is repaired',
    )
  }
  noteLeftovers(os, report, place, dir)
  return true
}

/** Files that a writer or a compaction was stopped at. */
function noteLeftovers({ fs }: Os, report: CheckReport, place: Place, dir: string): void {
  for (const name of fs.readdir(dir)) {
    if (name.endsWith('.tmp')) {
      report.note(
        place,
        'leftover',
        join(dir, name),
        'whoever was writing this file was stopped',
        'the last one that wrote to the partition removes it when it leaves',
        `tkafka repair --topic ${place.topic}`,
      )
    }
    const state = parseSegmentFileName(name)?.state
    if (state !== 'cleaned' && state !== 'swap') continue
    report.note(
      place,
      'leftover',
      join(dir, name),
      'a compaction was interrupted here',
      'the next one that writes to the partition finishes or undoes it',
      `tkafka repair --topic ${place.topic}`,
    )
  }
}
