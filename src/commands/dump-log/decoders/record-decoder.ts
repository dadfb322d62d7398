/** What a decoder makes of a record's key and value. */
export interface Decoded {
  readonly text: string
  /** The text is JSON. */
  readonly json?: true
  /** The stored bytes, where the text shows nothing but them. */
  readonly bytes?: Buffer
}

/** Left out: nothing is shown. */
export interface DecodedRecord {
  readonly key?: Decoded
  readonly value?: Decoded
}

/**
 * How `dump-log` shows keys and values. Bytes that do not fit the decoder are told in the text where the genuine tool
 * goes on behind them, and thrown as a TerseError where it ends.
 */
export interface RecordDecoder {
  decode(offset: number, key: Buffer | null, value: Buffer | null): DecodedRecord
}
