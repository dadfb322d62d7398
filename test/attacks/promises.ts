/**
 * What must hold behind any attack, whatever it was. A broken promise is one line that names it.
 *
 * Bytes that were attacked may be lost, if that is told. All others are where they were.
 */
import fs from 'node:fs'
import path from 'node:path'
import { TerseError } from '../../src/errors.ts'
import type { BookBatch, BookPartition, Template } from './templates.ts'
import { type Look, STREAMED, type Told } from './use.ts'

/** What an attack took away of what was stored. */
export interface Harm {
  /** Attacked files, by their path in the directory. */
  readonly files: ReadonlySet<string>
  /** Bytes [from, to) of files that are not what they were; whatever moved counts. */
  readonly ranges: readonly { readonly file: string; readonly from: number; readonly to: number }[]
  /** Files that hold other valid batches now: nobody can tell that they were not always there. */
  readonly replaced?: ReadonlySet<string>
}

export const NO_HARM: Harm = { files: new Set(), ranges: [] }

export function isHarmed(harm: Harm, { file, start, end }: BookBatch): boolean {
  return harm.ranges.some((range) => range.file === file && range.from < end && range.to > start)
}

function offsetsOf(batches: readonly BookBatch[], partition: BookPartition): number[] {
  return [...partition.records.keys()].filter((offset) =>
    batches.some(({ baseOffset, lastOffset }) => offset >= baseOffset && offset <= lastOffset),
  )
}

/** Records whose bytes nobody touched. */
function intactOf(partition: BookPartition, harm: Harm): { intact: number[]; harmed: number[] } {
  const hurt = partition.batches.filter((batch) => isHarmed(harm, batch))
  const harmed = offsetsOf(hurt, partition)
  return { harmed, intact: [...partition.records.keys()].filter((offset) => !harmed.includes(offset)) }
}

/** Of a batch's header, what its checksum does not cover: base offset, size, leader epoch, magic; then the checksum itself. */
const UNGUARDED_BYTES = 21

/** Harmed records whose checksum tells. */
function guarded(harm: Harm, partition: BookPartition): number[] {
  const hurt = partition.batches.filter((batch) => isHarmed(harm, batch))
  return offsetsOf(
    hurt.filter((batch) => !isHarmed(harm, { ...batch, end: batch.start + UNGUARDED_BYTES })),
    partition,
  )
}

const touches = (harm: Harm, pattern: RegExp) => [...harm.files].some((file) => pattern.test(file))
/** Files that say which topics, brokers and directories there are: without them nobody can say what a folder is. */
const METADATA = /^(__cluster_metadata-0(\/.*)?|meta\.properties|bootstrap\.checkpoint)$/
const MAY_MOVE_STARTS = /^log-start-offset-checkpoint$/

/** What stands in the way of reading one partition rightly. */
function mayRefuse(harm: Harm, partition: BookPartition): boolean {
  const own = new RegExp(`^${partition.topic}-${partition.partition}(/|$)`)
  return touches(harm, METADATA) || touches(harm, own)
}

/** A folder that bears another topic's id is none of this topic, and everybody says so: a broker sets it aside, too. */
export function isSetAside(harm: Harm, name: string, told: Told): boolean {
  const said = `/${name}: belongs to another topic`
  return harm.files.has(`${name}/partition.metadata`) && told.warnings.some((line) => line.includes(said))
}

/** Everything that was read is right; what is missing was harmed, and that is told. */
export function readingKept(template: Template, harm: Harm, seen: Look, told: Told): string[] {
  const broken: string[] = []
  for (const partition of template.partitions) {
    const name = `${partition.topic}-${partition.partition}`
    const { records, errors } = seen.read.get(name) ?? { records: [], errors: [] }
    let last = -1
    for (const { offset } of records) {
      if (offset <= last) broken.push(`${name}: offset ${offset} behind ${last}`)
      last = offset
    }
    // What stands in for a log that was replaced is as good as any to a reader, if it was stored at that offset once.
    if ([...(harm.replaced ?? [])].some((file) => file.startsWith(`${name}/`))) {
      const stray = records.find(({ offset, text }) => !wasStored(template, harm, offset, text))
      if (stray !== undefined) broken.push(`${name}: offset ${stray.offset} is read, and was never stored`)
      continue
    }
    const found = new Map(records.map(({ offset, text }) => [offset, text]))
    const { intact, harmed } = intactOf(partition, harm)
    for (const offset of intact) {
      const text = found.get(offset)
      if (text !== undefined && text !== partition.records.get(offset)) {
        broken.push(`${name}: offset ${offset} is another record now`)
        break
      }
    }
    for (const offset of guarded(harm, partition)) {
      const text = found.get(offset)
      // What a machine that stopped left torn at the end has its offsets given anew.
      if (text === undefined || text === partition.records.get(offset) || isNew(template, text)) continue
      broken.push(`${name}: offset ${offset} is read though its batch is damaged`)
      break
    }
    const missing = intact.filter((offset) => !found.has(offset))
    if (
      missing.length > 0 &&
      !(mayRefuse(harm, partition) && errors.length > 0) &&
      !isSetAside(harm, name, told) &&
      !touches(harm, MAY_MOVE_STARTS)
    ) {
      const why = errors.length > 0 ? `: ${errors[0]}` : ', and nothing is said'
      broken.push(`${name}: ${missing.length} records from offset ${missing[0]} on are not read${why}`)
    }
    broken.push(
      ...lossTold(
        template,
        harm,
        partition,
        harmed.filter((offset) => !found.has(offset)),
        { errors, seen, told },
      ),
    )
  }
  return broken
}

const isNew = ({ clean }: Template, text: string) => !clean && text.startsWith('new=')

/** In any of the partitions, or behind the attack. Of tkafka's own topics the book keeps no records. */
function wasStored({ partitions, genuine }: Template, harm: Harm, offset: number, text: string): boolean {
  if (genuine || [...(harm.replaced ?? [])].some((file) => file.startsWith('__'))) return true
  return text.startsWith('new=') || partitions.some(({ records }) => records.get(offset) === text)
}

/** A segment that is gone from the middle of a log: true demands that every reader is told of it, false that check is. */
const READERS_ARE_TOLD_OF_GAPS: boolean = true

/** What is lost is told: by check always; to a reader where a batch is damaged, or the end of the log is missing. */
function lossTold(
  template: Template,
  harm: Harm,
  partition: BookPartition,
  lost: readonly number[],
  { errors, seen, told }: { errors: readonly string[]; seen: Look; told: Told },
) {
  if (lost.length === 0) return []
  const name = `${partition.topic}-${partition.partition}`
  const offsets = [...partition.records.keys()]
  const endIsLost = lost.includes(Math.max(...offsets))
  // A machine that stopped leaves such ends, too; and retention takes first segments away.
  if (!template.clean && endIsLost) return []
  if (lost.every((offset, i) => offset === offsets[i]) && isGoneWhole(harm, partition, lost)) return []
  const broken: string[] = []
  const what = `${name}: ${lost.length} records from offset ${lost[0]} on are lost`
  const isTold =
    seen.findings.some(({ severity }) => severity === 'error') ||
    told.failures.some(({ doing }) => doing === 'check')
  if (!isTold) broken.push(`${what}, and check does not say so`)
  const isSeen = READERS_ARE_TOLD_OF_GAPS || endIsLost || !isGoneWhole(harm, partition, lost)
  if (isSeen && errors.length === 0 && told.warnings.length === 0)
    broken.push(`${what}, and reading says nothing`)
  return broken
}

/** Nothing of their batches is left, not even a part. */
function isGoneWhole(harm: Harm, { batches }: BookPartition, lost: readonly number[]): boolean {
  return batches
    .filter(({ baseOffset, lastOffset }) =>
      lost.some((offset) => offset >= baseOffset && offset <= lastOffset),
    )
    .every(({ file, start, end }) =>
      harm.ranges.some((range) => range.file === file && range.from <= start && range.to >= end),
    )
}

/** Stored batches whose bytes nobody attacked are where they were, byte for byte. */
export function bytesKept(template: Template, harm: Harm, dir: string, mended = false): string[] {
  const broken: string[] = []
  for (const { topic, partition, batches } of template.partitions) {
    const files = new Map<string, Buffer | undefined>()
    for (const batch of batches) {
      if (isHarmed(harm, batch)) continue
      if (!files.has(batch.file)) files.set(batch.file, readIfFile(path.join(dir, batch.file)))
      const now = files.get(batch.file)
      const then = (template.tree.get(batch.file) as Buffer).subarray(batch.start, batch.end)
      if (now?.subarray(batch.start, batch.end).equals(then)) continue
      // A repair may take bytes out of a log; then the batch has another place, or is in a file that was kept.
      if (mended && (now?.includes(then) || keptAside(dir, batch.file, then))) continue
      // A folder that bears another topic's id is none of this topic.
      const isForeign = harm.files.has(`${path.dirname(batch.file)}/partition.metadata`)
      if (isForeign && inStray(dir, batch.file, then)) continue
      broken.push(
        `${topic}-${partition}: the bytes of offsets ${batch.baseOffset} to ${batch.lastOffset} are gone from ${batch.file}`,
      )
      break
    }
  }
  return broken
}

function readIfFile(file: string): Buffer | undefined {
  // Where a file stands in the place of its folder there is nothing.
  const stat = fs.existsSync(file) ? fs.lstatSync(file) : undefined
  if (stat?.isFile() !== true) return undefined
  // One that was planted may be a terabyte of nothing behind what was there.
  const bytes = Buffer.alloc(Math.min(stat.size, 1 << 20))
  const fd = fs.openSync(file, 'r')
  fs.readSync(fd, bytes, 0, bytes.length, 0)
  fs.closeSync(fd)
  return bytes
}

function keptAside(dir: string, file: string, bytes: Buffer): boolean {
  const folder = path.join(dir, path.dirname(file))
  const names = fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? fs.readdirSync(folder) : []
  return names.some(
    (name) => name.endsWith('.broken') && readIfFile(path.join(folder, name))?.includes(bytes),
  )
}

/** A folder that bears another topic's id is set aside whole, as a broker does. */
function inStray(dir: string, file: string, bytes: Buffer): boolean {
  const names = fs.readdirSync(dir).filter((name) => name.startsWith(`${path.dirname(file)}.`))
  return names.some((name) => readIfFile(path.join(dir, name, path.basename(file)))?.includes(bytes))
}

type Acknowledged = ReadonlyMap<string, { readonly offset: number; readonly text: string }>

/** No offset is given to a second record. @param mayForget partitions of which nothing on the disk knows any more */
export function offsetsKept(
  template: Template,
  acknowledged: Acknowledged,
  mayForget: (name: string) => boolean,
) {
  const broken: string[] = []
  for (const { topic, partition, end } of template.partitions) {
    const name = `${topic}-${partition}`
    const given = acknowledged.get(name)?.offset
    if (given !== undefined && given < end && !mayForget(name)) {
      broken.push(`${name}: offset ${given} is given a second time, ${end} is the next one`)
    }
  }
  return broken
}

/** What was acknowledged behind the attack is read. */
export function newRecordsKept(acknowledged: Acknowledged, seen: Look): string[] {
  const broken: string[] = []
  for (const [name, { offset, text }] of acknowledged) {
    const found = seen.read.get(name)?.records.filter((record) => record.offset === offset) ?? []
    if (found.length !== 1 || found[0].text !== text)
      broken.push(`${name}: offset ${offset}, acknowledged behind the attack, is not read`)
  }
  return broken
}

/** Of what was streamed in nothing stands behind the first that is lost (A6). */
export function orderKept(seen: Look): string[] {
  const broken: string[] = []
  for (const [name, { records }] of seen.read) {
    const numbers = records.flatMap(({ text }) =>
      text.startsWith(`${STREAMED}=`) ? [Number(text.slice(STREAMED.length + 1))] : [],
    )
    const hole = numbers.findIndex((number, i) => number !== i)
    if (hole >= 0)
      broken.push(`${name}: of what was streamed in, ${numbers[hole]} stands where ${hole} is due`)
  }
  return broken
}

/** No commit is beyond what was delivered, and none went back unasked. */
export function commitsKept(
  template: Template,
  harm: Harm,
  seen: Look,
  delivered: ReadonlyMap<string, number>,
) {
  if (
    seen.commits === undefined ||
    touches(harm, /^__consumer_offsets-|^__cluster_metadata-0|^meta\.properties/)
  )
    return []
  const broken: string[] = []
  for (const [name, offset] of template.commits) {
    const now = seen.commits.get(name)
    const most = Math.max(offset, delivered.get(name) ?? 0)
    if (now === undefined) broken.push(`${name}: the commit of ${offset} is gone`)
    else if (now < offset || now > most)
      broken.push(`${name}: committed ${now}, of ${offset} before and ${most} delivered`)
  }
  return broken
}

/** Each failure is one line for a person that names something. */
export function wordsKept(told: Told): string[] {
  const broken: string[] = []
  for (const { doing, error } of told.failures) {
    const { name, message, code, syscall } = error as NodeJS.ErrnoException
    if (!(error instanceof Error)) broken.push(`${doing}: fails with ${String(error)}`)
    else if (!(error instanceof TerseError) && (code === undefined || syscall === undefined)) {
      broken.push(`${doing}: fails with a ${name}: ${message.split('\n')[0].slice(0, 150)}`)
    } else if (message.trim() === '' || message.includes('\n')) {
      broken.push(`${doing}: fails not with one line: ${JSON.stringify(message.slice(0, 150))}`)
    }
  }
  for (const line of told.warnings)
    if (line.includes('\n')) broken.push(`a warning of more lines: ${JSON.stringify(line.slice(0, 150))}`)
  return broken
}
