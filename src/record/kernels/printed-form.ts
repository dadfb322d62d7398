/**
 * What the print kernel prints of a record: its fields in a fixed order, each with constant bytes in front of it. A field whose
 * constant bytes are undefined is not printed; empty ones print the field with nothing in front.
 */
export interface PrintedForm {
  readonly timestamp?: Buffer
  readonly offset?: Buffer
  /** Each header as key, colon, value, the next one behind the separator. */
  readonly headers?: Buffer
  readonly key?: Buffer
  readonly value?: Buffer
  /** Behind the last field. */
  readonly end: Buffer
  readonly nullLiteral: Buffer
  readonly noHeaders: Buffer
  readonly headerColon: Buffer
  readonly headerSeparator: Buffer
}

/** A table in the same memory (its entries: print-layout.ts), at a multiple of 16, into which the kernel writes where each record ends. */
export interface PrintedEnds {
  readonly at: number
  /** Filled so far. */
  readonly count: number
}
