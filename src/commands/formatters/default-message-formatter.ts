/** The formatter that console-consumer uses unless told otherwise: columns of a record on one line. */
import type { VisitedBatch } from '../../client/consumer.ts'
import { visitHeaders } from '../../client/stored-headers.ts'
import type { PrintedForm } from '../../record/kernels/printed-form.ts'
import type { RecordView } from '../../record/record-view.ts'
import type { Deserializer } from './deserializers.ts'
import { deserializerFor } from './deserializers.ts'
import type { FormatterProperties, MessageFormatter } from './message-formatter.ts'
import { INTEGER_SIZE, type OutputBuffer, putConstant, putInteger, putWithin } from './output-buffer.ts'

const NO_HEADERS = Buffer.from('NO_HEADERS')
const COLON = Buffer.from(':')
const NO_TIMESTAMP = Buffer.from('NO_TIMESTAMP')

/**
 * What console-consumer prints: chosen columns in a fixed order, each behind its separator. Kafka's
 * DefaultMessageFormatter, on bytes: values go from the stored batch to the output as they are.
 */
export class DefaultMessageFormatter implements MessageFormatter {
  readonly problems: string[] = []
  readonly #printTimestamp: boolean
  readonly #printPartition: boolean
  readonly #printOffset: boolean
  readonly #printHeaders: boolean
  readonly #printKey: boolean
  readonly #printValue: boolean
  readonly #keySeparator: Buffer
  readonly #lineSeparator: Buffer
  readonly #headersSeparator: Buffer
  readonly #nullLiteral: Buffer
  readonly #keyDeserializer: Deserializer | undefined
  readonly #valueDeserializer: Deserializer | undefined
  readonly #headersDeserializer: Deserializer | undefined
  /** `Delivery:` and `Epoch:` are never there in a console consumer: constant columns. */
  readonly #afterOffset: Buffer
  readonly #afterTimestamp: Buffer
  readonly #afterPartition: Buffer
  readonly #afterHeaders: Buffer
  readonly #noHeaders: Buffer
  readonly #plain: boolean
  /** No deserializer: bytes go through as they are. */
  readonly #quick: boolean
  /** At most so many bytes of a line are not the record's own. */
  readonly #fixedSize: number
  #timestampLabel: Buffer = NO_TIMESTAMP
  #hasTimestamp = false
  /** Partition column with its separator, and `Offset:`. */
  #beforeOffset: Buffer = NO_TIMESTAMP
  #shownPartition = -1
  #form: PrintedForm | undefined

  /** @throws UsageError for an encoding that does not exist */
  constructor(properties: FormatterProperties) {
    const flag = (name: string, fallback = false) =>
      properties.has(name) ? properties.get(name)?.trim().toLowerCase() === 'true' : fallback
    const bytes = (name: string, fallback: string) => Buffer.from(properties.get(name) ?? fallback, 'utf8')
    this.#printTimestamp = flag('print.timestamp')
    this.#printPartition = flag('print.partition')
    this.#printOffset = flag('print.offset')
    this.#printHeaders = flag('print.headers')
    this.#printKey = flag('print.key')
    this.#printValue = flag('print.value', true)
    this.#keySeparator = bytes('key.separator', '\t')
    this.#lineSeparator = bytes('line.separator', '\n')
    this.#headersSeparator = bytes('headers.separator', ',')
    this.#nullLiteral = bytes('null.literal', 'null')
    this.#keyDeserializer = this.#deserializer(properties, 'key.deserializer', true)
    this.#valueDeserializer = this.#deserializer(properties, 'value.deserializer', false)
    this.#headersDeserializer = this.#deserializer(properties, 'headers.deserializer', false)

    // Each column is followed by the column separator, the last one but the value by the line separator.
    const delivery = flag('print.delivery')
    const epoch = flag('print.epoch')
    const keyOrValue = this.#printKey || this.#printValue
    const beyondOffset = delivery || epoch || this.#printHeaders || keyOrValue
    const separator = (more: boolean) => (more ? this.#keySeparator : this.#lineSeparator)
    this.#afterHeaders = separator(keyOrValue)
    this.#afterTimestamp = separator(this.#printPartition || this.#printOffset || beyondOffset)
    this.#afterPartition = separator(this.#printOffset || beyondOffset)
    const rest: Buffer[] = this.#printOffset ? [separator(beyondOffset)] : []
    if (delivery) {
      rest.push(Buffer.from('Delivery:NOT_PRESENT'), separator(epoch || this.#printHeaders || keyOrValue))
    }
    if (epoch) rest.push(Buffer.from('Epoch:NOT_PRESENT'), separator(this.#printHeaders || keyOrValue))
    this.#afterOffset = Buffer.concat(rest)
    this.#noHeaders = Buffer.concat([NO_HEADERS, this.#afterHeaders])
    this.#fixedSize =
      LABELS.LogAppendTime.length +
      'Partition:2147483647Offset:'.length +
      2 * INTEGER_SIZE +
      4 * (this.#keySeparator.length + this.#lineSeparator.length) +
      this.#afterOffset.length +
      this.#noHeaders.length +
      2 * this.#nullLiteral.length
    this.#quick = this.#keyDeserializer === undefined && this.#valueDeserializer === undefined
    this.#plain =
      this.#printValue &&
      this.#valueDeserializer === undefined &&
      !this.#printTimestamp &&
      !this.#printPartition &&
      !this.#printOffset &&
      !delivery &&
      !epoch &&
      !this.#printHeaders &&
      !this.#printKey
  }

  #deserializer(properties: FormatterProperties, name: string, isKey: boolean): Deserializer | undefined {
    const className = properties.get(name)
    if (className === undefined) return undefined
    const prefix = `${name}.`
    const configs = new Map<string, string>()
    for (const [key, value] of properties) {
      if (key.length > prefix.length && key.startsWith(prefix)) configs.set(key.slice(prefix.length), value)
    }
    const deserializer = deserializerFor(className, configs, isKey)
    // As in the genuine tool: a deserializer that does not exist is as good as none.
    if (deserializer === undefined)
      this.problems.push(`Unable to instantiate a deserializer from ${className}`)
    return deserializer
  }

  batch(batch: VisitedBatch, output: OutputBuffer): void {
    output.adopt(batch.buffer, batch.start, batch.end)
    const label = LABELS[batch.timestampType]
    if (label !== this.#timestampLabel) {
      this.#timestampLabel = label
      this.#hasTimestamp = label !== NO_TIMESTAMP
      this.#form = undefined
    }
    if (batch.partition === this.#shownPartition) return
    this.#form = undefined
    this.#shownPartition = batch.partition
    const parts: Buffer[] = []
    if (this.#printPartition) parts.push(Buffer.from(`Partition:${batch.partition}`), this.#afterPartition)
    if (this.#printOffset) parts.push(Buffer.from('Offset:'))
    this.#beforeOffset = Buffer.concat(parts)
  }

  record(record: RecordView, output: OutputBuffer): void {
    const { buffer, timestamp, headersCount } = record
    if (this.#plain) {
      if (record.valueEnd < 0) output.constant(this.#nullLiteral)
      else output.bytes(buffer, record.valueStart, record.valueEnd)
      output.constant(this.#lineSeparator)
      return
    }
    const wide = this.#printTimestamp && !Number.isSafeInteger(timestamp)
    if (this.#quick && !wide && (headersCount === 0 || !this.#printHeaders)) {
      const shift = output.shiftOf(buffer)
      if (!Number.isNaN(shift) && this.#recordWithin(record, shift, output)) return
    }
    this.#columns(record, wide, output)
  }

  #columns(record: RecordView, wide: boolean, output: OutputBuffer): void {
    const { buffer, headersCount } = record
    if (this.#printTimestamp) {
      output.constant(this.#timestampLabel)
      if (this.#hasTimestamp && wide) output.text(String(record.exactTimestamp))
      else if (this.#hasTimestamp) output.integer(record.timestamp)
      output.constant(this.#afterTimestamp)
    }
    if (this.#beforeOffset.length > 0) output.constant(this.#beforeOffset)
    if (this.#printOffset) output.integer(record.offset)
    if (this.#afterOffset.length > 0) output.constant(this.#afterOffset)
    if (this.#printHeaders) {
      if (headersCount === 0) output.constant(NO_HEADERS)
      else this.#headers(buffer, record.headersStart, headersCount, output)
      output.constant(this.#afterHeaders)
    }
    if (this.#printKey) {
      this.#field(buffer, record.keyStart, record.keyEnd, this.#keyDeserializer, output)
      output.constant(this.#printValue ? this.#keySeparator : this.#lineSeparator)
    }
    if (this.#printValue) {
      this.#field(buffer, record.valueStart, record.valueEnd, this.#valueDeserializer, output)
      output.constant(this.#lineSeparator)
    }
  }

  /** The columns of the batch's records; undefined with deserializers. The same object while they are the same. */
  form(): PrintedForm | undefined {
    if (!this.#quick || (this.#printHeaders && this.#headersDeserializer !== undefined)) return undefined
    this.#form ??= this.#makeForm()
    return this.#form
  }

  #makeForm(): PrintedForm {
    const form: { -readonly [field in keyof PrintedForm]?: PrintedForm[field] } = {}
    let lead: Buffer[] = []
    const field = (name: 'timestamp' | 'offset' | 'headers' | 'key' | 'value') => {
      form[name] = Buffer.concat(lead)
      lead = []
    }
    if (this.#printTimestamp) {
      lead.push(this.#timestampLabel)
      if (this.#hasTimestamp) field('timestamp')
      lead.push(this.#afterTimestamp)
    }
    lead.push(this.#beforeOffset)
    if (this.#printOffset) field('offset')
    lead.push(this.#afterOffset)
    if (this.#printHeaders) {
      field('headers')
      lead.push(this.#afterHeaders)
    }
    if (this.#printKey) {
      field('key')
      lead.push(this.#printValue ? this.#keySeparator : this.#lineSeparator)
    }
    if (this.#printValue) {
      field('value')
      lead.push(this.#lineSeparator)
    }
    return {
      ...form,
      end: Buffer.concat(lead),
      nullLiteral: this.#nullLiteral,
      noHeaders: NO_HEADERS,
      headerColon: COLON,
      headerSeparator: this.#headersSeparator,
    }
  }

  /** The same as `record` for an adopted batch, without headers: all columns with one look for room. */
  #recordWithin(record: RecordView, shift: number, output: OutputBuffer): boolean {
    const { keyStart, keyEnd, valueStart, valueEnd } = record
    const size = this.#fixedSize + Math.max(keyEnd - keyStart, 0) + Math.max(valueEnd - valueStart, 0)
    if (!output.reserve(size)) return false
    const { block } = output
    let at = output.position
    if (this.#printTimestamp) {
      at = putConstant(block, at, this.#timestampLabel)
      if (this.#hasTimestamp) at = putInteger(block, at, record.timestamp)
      at = putConstant(block, at, this.#afterTimestamp)
    }
    at = putConstant(block, at, this.#beforeOffset)
    if (this.#printOffset) at = putInteger(block, at, record.offset)
    at = putConstant(block, at, this.#afterOffset)
    if (this.#printHeaders) at = putConstant(block, at, this.#noHeaders)
    if (this.#printKey) {
      if (keyEnd < 0) at = putConstant(block, at, this.#nullLiteral)
      else at = putWithin(block, at, keyStart + shift, keyEnd + shift)
      at = putConstant(block, at, this.#printValue ? this.#keySeparator : this.#lineSeparator)
    }
    if (this.#printValue) {
      if (valueEnd < 0) at = putConstant(block, at, this.#nullLiteral)
      else at = putWithin(block, at, valueStart + shift, valueEnd + shift)
      at = putConstant(block, at, this.#lineSeparator)
    }
    output.position = at
    return true
  }

  #field(
    buffer: Buffer,
    start: number,
    end: number,
    deserializer: Deserializer | undefined,
    output: OutputBuffer,
  ): void {
    if (deserializer !== undefined) {
      // The genuine formatter hands the null literal to the deserializer, too.
      output.text(deserializer(end < 0 ? this.#nullLiteral : buffer.subarray(start, end)))
    } else if (end < 0) output.constant(this.#nullLiteral)
    else output.bytes(buffer, start, end)
  }

  #headers(buffer: Buffer, start: number, count: number, output: OutputBuffer): void {
    let left = count
    visitHeaders(buffer, start, count, (keyStart, keyEnd, valueStart, valueEnd) => {
      output.bytes(buffer, keyStart, keyEnd)
      output.constant(COLON)
      this.#field(buffer, valueStart, valueEnd, this.#headersDeserializer, output)
      if (--left > 0) output.constant(this.#headersSeparator)
    })
  }
}

const LABELS = {
  CreateTime: Buffer.from('CreateTime:'),
  LogAppendTime: Buffer.from('LogAppendTime:'),
  NoTimestampType: NO_TIMESTAMP,
}
