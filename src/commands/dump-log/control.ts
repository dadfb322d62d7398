/** What control records say, in the genuine tool's words. */
import { ByteReader } from '../../bytes/byte-reader.ts'
import { TerseError } from '../../errors.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import {
  KRAFT_VERSION_RECORD,
  LEADER_CHANGE_MESSAGE,
  SNAPSHOT_FOOTER_RECORD,
  SNAPSHOT_HEADER_RECORD,
  VOTERS_RECORD,
} from '../../message/generated/control.ts'
import type { MessageSchema } from '../../message/schema.ts'
import { CONTROL_RECORD_TYPES } from '../../record/control-record.ts'
import { messageJson } from './decoders/message-json.ts'
import type { ControlInfo } from './event.ts'

const KEY_SIZE = 4
const MARKER_SIZE = 6

const MESSAGES: Readonly<Record<string, readonly [title: string, layout: MessageSchema]>> = {
  LEADER_CHANGE: ['LeaderChange:', LEADER_CHANGE_MESSAGE],
  SNAPSHOT_HEADER: ['SnapshotHeader', SNAPSHOT_HEADER_RECORD],
  SNAPSHOT_FOOTER: ['SnapshotFooter', SNAPSHOT_FOOTER_RECORD],
  KRAFT_VERSION: ['KRaftVersion', KRAFT_VERSION_RECORD],
  KRAFT_VOTERS: ['KRaftVoters', VOTERS_RECORD],
}

/** Throws a TerseError where key or value are too short. */
export function controlInfo(key: Buffer | null, value: Buffer | null): ControlInfo {
  const keySize = key?.length ?? 0
  if (key === null || keySize < KEY_SIZE) {
    throw new TerseError(
      `Invalid value size found for end control record key. Must have at least ${KEY_SIZE} bytes, but found only ${keySize}`,
    )
  }
  const typeId = key.readInt16BE(2)
  const controlType = CONTROL_RECORD_TYPES.at(typeId < 0 ? CONTROL_RECORD_TYPES.length : typeId)
  if (controlType === undefined) return { controlType: 'UNKNOWN', text: `controlType: UNKNOWN(${typeId})` }
  const bytes = value ?? Buffer.alloc(0)
  if (controlType === 'ABORT' || controlType === 'COMMIT') {
    if (bytes.length < MARKER_SIZE) {
      throw new TerseError(
        `Invalid value size found for end transaction marker. Must have at least ${MARKER_SIZE} bytes, but found only ${bytes.length}`,
      )
    }
    const coordinatorEpoch = bytes.readInt32BE(2)
    return {
      controlType,
      text: `endTxnMarker: ${controlType} coordinatorEpoch: ${coordinatorEpoch}`,
      data: `{"coordinatorEpoch":${coordinatorEpoch}}`,
    }
  }
  const [title, layout] = MESSAGES[controlType]
  const data = controlJson(layout, bytes)
  return { controlType, text: `${title} ${data}`, data }
}

function controlJson(layout: MessageSchema, bytes: Buffer): string {
  const version = new ByteReader(bytes).int16()
  const message: MessageObject = {}
  const known = Math.max(layout.lowestVersion, Math.min(version, layout.highestVersion))
  codecOf(layout, known).decode(new ByteReader(bytes), message)
  return messageJson(layout.fields, version, message)
}
