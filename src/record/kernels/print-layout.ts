/**
 * What the print kernel and its caller agree on: where in memory the kernel's state stands, and the table of records'
 * ends. Plain constants, since both TypeScript (print-kernel.ts) and AssemblyScript (assembly/print.ts) read this file.
 */

/** memory[0, PRINT_STATE_SIZE) is the kernel's own: the fields below, then constant bytes. */
export const PRINT_STATE_SIZE = 8192
/** The kernel writes two whole vectors at a time: behind the room that it is given there must be so much memory. */
export const PRINT_SLACK = 32

/** An entry of the table of ends: float64 the offset behind a record, int32 the address behind its last printed byte, int32 unused. */
export const PRINTED_END_SIZE = 16
export const END_ADDRESS = 8

// Addresses of the state's fields. int64 up to here ...
/** In and out: records of lower offsets are passed over; behind the last record printed. */
export const POSITION = 0
export const BASE_OFFSET = 8
export const BASE_TIMESTAMP = 16
/** The timestamp of all records, where HAS_APPEND_TIME is 1. */
export const APPEND_TIME = 24
// ... and int32 from here on.
export const HAS_APPEND_TIME = 32
export const LAST_OFFSET_DELTA = 36
/** In and out: number and address of the next record, and the address that it is printed to. */
export const INDEX = 40
export const AT = 44
export const TO = 48
/** Records of the batch, the end of their bytes, the end of the room for output, how many records may be printed. */
export const COUNT = 52
export const END = 56
export const LIMIT = 60
export const MOST = 64
/** Out: how many records were printed; 1 when the next one has no room. */
export const TAKEN = 68
export const FULL = 72
/** What is printed of a record beside its own bytes, at most: in all without headers, and for each header. */
export const FIXED_SIZE = 76
export const HEADER_SIZE = 80
/** 1 for the fields that are printed. */
export const HAS_TIMESTAMP = 84
export const HAS_OFFSET = 88
export const HAS_HEADERS = 92
export const HAS_KEY = 96
export const HAS_VALUE = 100
/** Address and length of what is printed in front of the offset: with a timestamp, the kernel writes it there. */
export const PREFIX_AT = 104
export const PREFIX_LENGTH = 108

// Constants are two int32, address and length.
export const TIMESTAMP_LEAD = 112
export const OFFSET_LEAD = 120
/** What is printed for no headers, with what stands in front of headers. */
export const NO_HEADERS = 128
export const HEADERS_LEAD = 136
export const HEADER_COLON = 144
export const HEADER_SEPARATOR = 152
export const NULL_LITERAL = 160
export const KEY_LEAD = 168
export const VALUE_LEAD = 176
export const ENDING = 184

/** int32: the address in the table of ends where the next record's entry goes. */
export const ENDS = 192
/** Behind the last field: the constants' bytes, then the prefix. */
export const FIELDS_SIZE = 200
