/**
 * What is printed of a record, for the print kernel: fields in this order, each behind bytes that stand in front of it.
 * A field without such bytes (not even none) is left out.
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

/** memory[0, PRINT_STATE_SIZE) is the kernel's own. */
export const PRINT_STATE_SIZE = 8192
/** It writes two whole vectors at a time: behind the room that it is given there must be so much memory. */
export const PRINT_SLACK = 32

/** A table in the same memory, at a multiple of 16, into which the kernel writes where each record ends. */
export interface PrintedEnds {
  readonly at: number
  /** Filled so far. */
  readonly count: number
}
/** float64: the offset behind the record; int32: the address behind its last byte; int32 unused. */
export const PRINTED_END_SIZE = 16
