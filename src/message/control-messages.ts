/** Values of control records, in data logs and in the metadata log. */
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { codecOf, type MessageObject } from './codec.ts'
import type { MessageInputOf, MessageOf, MessageSchema } from './schema.ts'

export const CONTROL_TYPE = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const

/** Key of a control record. */
export function encodeControlKey(type: number): Buffer {
  return Buffer.from([0, 0, type >> 8, type & 0xff])
}

/** Type of a control record from its key; -1 where the key is too short. */
export function controlType(buffer: Buffer, keyStart: number, keyEnd: number): number {
  return keyEnd - keyStart < 4 ? -1 : buffer.readInt16BE(keyStart + 2)
}

/** Value of a control record: its version is its first field, a newer one is read as the newest known. */
export function decodeControlValue<S extends MessageSchema>(
  layout: S,
  buffer: Buffer,
  start = 0,
  end = buffer.length,
): MessageOf<S> {
  const version = new ByteReader(buffer, start, end).int16()
  const known = Math.max(layout.lowestVersion, Math.min(version, layout.highestVersion))
  const into: MessageObject = {}
  codecOf(layout, known).decode(new ByteReader(buffer, start, end), into)
  return into as MessageOf<S>
}

export function encodeControlValue<S extends MessageSchema>(layout: S, message: MessageInputOf<S>): Buffer {
  const writer = new ByteWriter(64)
  const input = message as Readonly<MessageObject>
  codecOf(layout, input.version as number).encode(writer, input)
  return writer.toBuffer()
}
