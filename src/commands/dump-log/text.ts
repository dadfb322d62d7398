/** dump-log in the genuine tool's text. */
import type { Int64 } from '../../bytes/int64.ts'
import type { Output } from '../../cli/command.ts'
import type { BatchEvent, DumpEvent, DumpPrinter, RecordEvent } from './event.ts'

/** The genuine tool's text. `skipRecordMetadata`: of records only key and value. */
export function textPrinter(stdout: Output, skipRecordMetadata: boolean): DumpPrinter {
  return (event) => stdout.write(`${textOf(event, skipRecordMetadata)}\n`)
}

function textOf(event: DumpEvent, skipRecordMetadata: boolean): string {
  switch (event.type) {
    case 'file':
      return `Dumping ${event.file}`
    case 'log':
      return `Log starting offset: ${event.startOffset}`
    case 'checkpoint':
      return `Snapshot end offset: ${event.endOffset}, epoch: ${event.epoch}`
    case 'bootstrapCheckpoint':
      return 'KRaft bootstrap snapshot'
    case 'batch':
      return batchText(event)
    case 'message':
      return `offset: ${event.offset} position: ${event.position} ${event.timestampType}: ${event.timestamp} ${storedText(event)}`
    case 'record':
      return recordText(event, skipRecordMetadata)
    case 'invalidBytes':
      return `Found ${event.bytes} invalid bytes at the end of ${event.name}`
    case 'emptyIndex':
      return `${event.file} is empty.`
    case 'saneIndex':
      return `${event.file} passed sanity check.`
    case 'indexEntry':
      return `offset: ${event.offset} position: ${event.position}`
    case 'timeIndexEntry':
      return `timestamp: ${event.timestamp} offset: ${event.offset}`
    case 'abortedTransaction':
      return `version: ${event.version} producerId: ${event.producerId} firstOffset: ${event.firstOffset} lastOffset: ${event.lastOffset} lastStableOffset: ${event.lastStableOffset}`
    case 'producer':
      return producerText(event)
  }
}

function batchText(batch: BatchEvent): string {
  return `baseOffset: ${batch.baseOffset} lastOffset: ${batch.lastOffset} count: ${batch.count} baseSequence: ${batch.baseSequence} lastSequence: ${batch.lastSequence} producerId: ${batch.producerId} producerEpoch: ${batch.producerEpoch} partitionLeaderEpoch: ${batch.partitionLeaderEpoch} isTransactional: ${batch.isTransactional} isControl: ${batch.isControl} deleteHorizonMs: ${optionalLong(batch.deleteHorizonMs)} position: ${batch.position} ${batch.timestampType}: ${batch.maxTimestamp} ${storedText(batch)}`
}

function storedText(stored: Pick<BatchEvent, 'size' | 'magic' | 'compression' | 'crc' | 'isValid'>): string {
  return `size: ${stored.size} magic: ${stored.magic} compresscodec: ${stored.compression} crc: ${stored.crc} isvalid: ${stored.isValid}`
}

function recordText(record: RecordEvent, skipRecordMetadata: boolean): string {
  let text = ''
  if (!skipRecordMetadata) {
    text = `| offset: ${record.offset} ${record.timestampType}: ${record.timestamp} keySize: ${record.keySize} valueSize: ${record.valueSize}`
    if (record.headerKeys !== undefined) {
      text += ` sequence: ${record.sequence} headerKeys: [${record.headerKeys.join(',')}]`
    }
    if (record.legacy !== undefined) text += ` isValid: ${record.legacy.isValid} crc: ${record.legacy.crc}`
    if (record.control !== undefined) text += ` ${record.control.text}`
  }
  if (record.key !== undefined) text += `${text === '' ? '| ' : ' '}key: ${record.key.text}`
  if (record.value !== undefined) text += `${text === '' ? '| ' : ' '}payload: ${record.value.text}`
  return text
}

function producerText(producer: Extract<DumpEvent, { type: 'producer' }>): string {
  const last = producer.lastBatch
  const lastText =
    last === undefined
      ? ''
      : ` firstSequence: ${last.firstSequence} lastSequence: ${last.lastSequence} lastOffset: ${last.lastOffset} offsetDelta: ${last.offsetDelta} timestamp: ${last.timestamp}`
  return `producerId: ${producer.producerId} producerEpoch: ${producer.producerEpoch} coordinatorEpoch: ${producer.coordinatorEpoch} currentTxnFirstOffset: ${optionalLong(producer.currentTxnFirstOffset)} lastTimestamp: ${producer.lastTimestamp}${lastText}`
}

function optionalLong(value: Int64 | undefined): string {
  return value === undefined ? 'OptionalLong.empty' : `OptionalLong[${value}]`
}
