/** The interface that a formatter fulfils: from a stored record to what console-consumer prints of it. */

import type { VisitedBatch } from '../../client/consumer.ts'
import type { PrintedForm } from '../../record/kernels/printed-form.ts'
import type { RecordView } from '../../record/record-view.ts'
import type { OutputBuffer } from './output-buffer.ts'

export type FormatterProperties = ReadonlyMap<string, string>
/** Puts records into words (or bytes). What it throws on a record is one line that says what is wrong with it. */
export interface MessageFormatter {
  /** Notices for people about the settings, none for most. */
  readonly problems: readonly string[]
  /** Before the first record of each batch. */
  batch(batch: VisitedBatch, output: OutputBuffer): void
  record(record: RecordView, output: OutputBuffer): void
  /** What it prints of the batch's records, where that is fields as they are between constant bytes. */
  form?(): PrintedForm | undefined
  /** Behind the last record, which was flushed. `complete` false: something failed. */
  end?(complete: boolean): void
}
