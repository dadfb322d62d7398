/**
 * What the kernel for old messages and its caller agree on: where in memory the kernel's state, its tables and its two
 * windows stand. Plain constants, since both TypeScript (legacy-kernel.ts) and AssemblyScript (assembly/legacy.ts) read
 * this file.
 */

/** Stored messages go into one window, what is made of them comes out in the other, which is as large. */
export const WINDOW_SIZE = 65536
/** The kernel reads and writes whole vectors: up to so many bytes behind a window. */
export const LEGACY_SLACK = 64
export const TABLES = 128
export const TABLES_SIZE = 8192
export const SOURCE = TABLES + TABLES_SIZE
export const TARGET = SOURCE + WINDOW_SIZE + LEGACY_SLACK
export const LEGACY_MEMORY_SIZE = TARGET + WINDOW_SIZE + LEGACY_SLACK

// Addresses of the state's fields. int64 up to here ...
/** In and out: the lowest offset that the next message may have; without HAS_GAPS the only one. */
export const NEXT_OFFSET = 0
/** None at or behind it is taken. */
export const LIMIT_OFFSET = 8
/** Of the batch that is filled. */
export const BASE_OFFSET = 16
export const BASE_TIMESTAMP = 24
/** In and out. */
export const MAX_TIMESTAMP = 32
// ... and int32 from here on.
/** In and out: addresses of the next message and of the next record. */
export const AT = 40
export const TO = 44
/** Where the messages end. */
export const END = 48
export const MAGIC = 52
export const HAS_GAPS = 56
export const CHECK_CRCS = 60
/** Out: how many messages were taken. */
export const TAKEN = 64
