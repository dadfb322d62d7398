/**
 * What the line kernel and its caller agree on: limits, and where in memory the kernel's state stands. Plain constants,
 * since both TypeScript (line-kernel.ts) and AssemblyScript (assembly/lines.ts) read this file. Sizes are in bytes.
 */

/**
 * The kernel takes lines of at most so many bytes, into batches of at most so many records: 2^13 - 16, so that a record's
 * size with all its fields has a varint of two bytes, too.
 */
export const KERNEL_MAX_LINE = 8176
/** The kernel writes whole vectors: behind a record it overwrites up to so many bytes with anything. */
export const KERNEL_SLACK = 16
/** Partitions that one call can spread lines over. */
export const KERNEL_MAX_ROWS = 64

/** Of the state, an int32: the row that takes the next line where rows take turns. */
export const TURN_POSITION = 0
/** The rows follow, each of four int32. */
export const ROWS_POSITION = 16
export const ROW_SIZE = 16
/** Of a row: the address of the next record. */
export const ROW_AT = 0
/** Of a row: the address behind which no record ends. */
export const ROW_LIMIT = 4
/** Of a row: the records that its batch has. */
export const ROW_COUNT = 8
/** Of a row: attributes and timestamp delta of its next records, as the record's two bytes. */
export const ROW_ATTRIBUTES = 12

export const LINE_STATE_SIZE = 1040
