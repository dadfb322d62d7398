/** What stands on the other end when it is no Kafka listener of the kind that was expected. */

const TLS_ALERT = 0x15
const TLS_HANDSHAKE = 0x16

/** How an answer of a TLS listener begins. */
export const TLS_HEAD = Buffer.from([TLS_HANDSHAKE, 3])

/** The end of a sentence that begins with the address; undefined where the bytes tell nothing. */
export function whatSpeaks(head: Buffer, protocol: string | undefined): string | undefined {
  if ((head[0] === TLS_ALERT || head[0] === TLS_HANDSHAKE) && head[1] === 3) {
    return protocol === undefined || protocol.startsWith('SASL')
      ? `speaks TLS: set security.protocol=${protocol === undefined ? 'SSL (or SASL_SSL)' : 'SASL_SSL'}`
      : 'speaks TLS in a way that was not expected'
  }
  const text = head.toString('latin1')
  if (text.startsWith('HTTP/')) return 'is an HTTP server, no Kafka broker'
  if (/^(SSH-|220[ -]|\+OK|\* OK|-ERR|RFB |AMQP)/.test(text)) return 'is no Kafka broker'
  return undefined
}
