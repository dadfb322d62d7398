/** What the members of a classic consumer group tell each other: subscription and assignment, opaque to the broker. */
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { CorruptRecordError } from '../errors.ts'
import { codecOf, type MessageObject } from './codec.ts'
import {
  CONSUMER_PROTOCOL_ASSIGNMENT as ASSIGNMENT,
  CONSUMER_PROTOCOL_SUBSCRIPTION as SUBSCRIPTION,
} from './generated/control.ts'
import type { MessageInputOf, MessageOf, MessageSchema } from './schema.ts'

export type ConsumerProtocolSubscription = { readonly version: number } & MessageOf<typeof SUBSCRIPTION>
export type ConsumerProtocolAssignment = { readonly version: number } & MessageOf<typeof ASSIGNMENT>

/** Throws CorruptRecordError. A newer version is read as the newest known one: later versions only add at the end. */
export function decodeSubscription(
  buffer: Buffer,
  start = 0,
  end = buffer.length,
): ConsumerProtocolSubscription {
  return decode(SUBSCRIPTION, buffer, start, end) as ConsumerProtocolSubscription
}

/** Throws CorruptRecordError. An empty buffer is no assignment at all and throws, too. */
export function decodeAssignment(buffer: Buffer, start = 0, end = buffer.length): ConsumerProtocolAssignment {
  return decode(ASSIGNMENT, buffer, start, end) as ConsumerProtocolAssignment
}

export function encodeSubscription(value: MessageInputOf<typeof SUBSCRIPTION>, version = 3): Buffer {
  return encode(SUBSCRIPTION, value as unknown as MessageObject, version)
}

export function encodeAssignment(value: MessageInputOf<typeof ASSIGNMENT>, version = 3): Buffer {
  return encode(ASSIGNMENT, value as unknown as MessageObject, version)
}

function decode(layout: MessageSchema, buffer: Buffer, start: number, end: number): MessageObject {
  const reader = new ByteReader(buffer, start, end)
  const version = reader.int16()
  if (version < 0) throw new CorruptRecordError(`${layout.name} of version ${version}`, start)
  const into: MessageObject = { version }
  codecOf(layout, Math.min(version, layout.highestVersion)).decode(reader, into)
  return into
}

function encode(layout: MessageSchema, value: MessageObject, version: number): Buffer {
  const writer = new ByteWriter(128).int16(version)
  codecOf(layout, version).encode(writer, value)
  return writer.toBuffer()
}
