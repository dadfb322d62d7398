/** A request on its way: its size, its header, and the body behind it. */
import { ByteWriter } from '../../bytes/byte-writer.ts'
import type { MessageSchema } from '../../message/schema.ts'
import type { StreamConnection } from '../../os/sockets.ts'

export interface RequestHead {
  readonly request: MessageSchema
  readonly version: number
  readonly correlationId: number
  readonly clientId: Buffer
}

/** @param headroom so many bytes at the body's front are free: where the header fits in there, all goes out at once */
export function writeRequest(
  stream: StreamConnection,
  { request, version, correlationId, clientId }: RequestHead,
  body: Buffer,
  headroom = 0,
  taken?: (error?: Error | null) => void,
): void {
  const header = new ByteWriter(64)
  header.int32(0).int16(request.apiKey).int16(version).int32(correlationId)
  header.int16(clientId.length).bytes(clientId)
  if (version >= request.flexibleSince) header.uvarint(0)
  const length = header.position
  header.patchInt32(0, length - 4 + body.length - headroom)
  if (length <= headroom) {
    body.set(header.view(), headroom - length)
    stream.write(body.subarray(headroom - length), taken)
  } else {
    stream.write(header.view())
    stream.write(body.subarray(headroom), taken)
  }
}
