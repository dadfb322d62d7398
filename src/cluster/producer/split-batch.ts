/** A batch that a broker found too large, as two: the same records under the same sequences. */
import { setBaseOffsetAt } from '../../record/batch-header.ts'
import { incrementSequence } from '../../record/record.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import { ProducerBatch } from './partition-batches.ts'

export function halves(batch: ProducerBatch): readonly ProducerBatch[] {
  const whole = new RecordBatch(batch.bytes)
  const firstOffset = whole.baseOffset
  const half = batch.count >> 1
  const builders = [0, half].map(
    (from) =>
      new RecordBatchBuilder({
        codec: whole.compression,
        baseOffset: firstOffset + from,
        producerId: whole.producerId,
        producerEpoch: whole.producerEpoch,
        baseSequence:
          whole.baseSequence < 0 ? whole.baseSequence : incrementSequence(whole.baseSequence, from),
      }),
  )
  whole.walk((record) => {
    builders[record.offset - firstOffset < half ? 0 : 1].appendStored(record)
  })
  const middle = batch.firstIndex + half
  return builders.map((builder, i) => {
    const bytes = builder.build()
    setBaseOffsetAt(bytes, 0, 0)
    const sends = batch.sends.filter(({ index }) => index < middle === (i === 0))
    const part = new ProducerBatch(batch.origin, bytes, i === 0 ? batch.firstIndex : middle, sends)
    part.epoch = batch.epoch
    part.failures = batch.failures
    part.lastError = batch.lastError
    part.reserved = i === 0 ? batch.reserved : 0
    return part
  })
}
