/** Which versions of each request a broker knows, and which of them both sides do. */
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { KafkaError } from '../../errors.ts'
import { codecOf, FieldNotInVersion, type MessageObject } from '../../message/codec.ts'
import type { API_VERSIONS_RESPONSE } from '../../message/generated/requests.ts'
import type { MessageOf, MessageSchema } from '../../message/schema.ts'
import type { SocketAddress } from '../../os/sockets.ts'
import { addressText } from './connection-error.ts'

export class KnownVersions {
  readonly #ranges = new Map<number, { readonly min: number; readonly max: number }>()

  learn({ apiKeys }: MessageOf<typeof API_VERSIONS_RESPONSE>): void {
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      this.#ranges.set(apiKey, { min: minVersion, max: maxVersion })
    }
  }

  /** The newest version that both sides know; -1 where there is none. */
  of(request: MessageSchema): number {
    const range = this.#ranges.get(request.apiKey)
    if (range === undefined) return -1
    const version = Math.min(range.max, request.highestVersion)
    return version < Math.max(range.min, request.lowestVersion) ? -1 : version
  }

  /** What is said of a request without such a version. */
  unsupported(request: MessageSchema, address: SocketAddress): KafkaError {
    const range = this.#ranges.get(request.apiKey)
    const name = request.name.replace(/Request$/, '')
    const what =
      range === undefined
        ? `does not know ${name}`
        : `knows ${name} in versions ${range.min} to ${range.max} alone`
    return new KafkaError(
      'UNSUPPORTED_VERSION',
      `${addressText(address)} ${what}, which this needs another one of.`,
    )
  }

  /**
   * The request's body in that version.
   * @throws KafkaError UNSUPPORTED_VERSION where the version lacks a field that was given
   */
  encode(request: MessageSchema, version: number, body: MessageObject, address: SocketAddress): Buffer {
    const writer = new ByteWriter(256)
    try {
      codecOf(request, version).encode(writer, body)
    } catch (error) {
      if (!(error instanceof FieldNotInVersion)) throw error
      const name = request.name.replace(/Request$/, '')
      throw new KafkaError(
        'UNSUPPORTED_VERSION',
        `${addressText(address)} is too old for this: its ${name} knows no ${error.field}.`,
      )
    }
    return writer.view()
  }
}
