/** Whether a listener that hangs up on plain text wants TLS: some send no alert, and then nothing but asking tells. */
import { errorCode } from '../../os/error-code.ts'
import type { SocketAddress, Sockets } from '../../os/sockets.ts'
import { addressText, ConnectionError } from './connection-error.ts'
import { TLS_HEAD, whatSpeaks } from './sniffing.ts'

/** @throws ConnectionError, for good, where the address speaks TLS */
export async function refuseTls(
  sockets: Sockets,
  address: SocketAddress,
  timeoutMs: number,
  protocol: string | undefined,
): Promise<void> {
  try {
    const connection = await sockets.connect(address, { timeoutMs, tls: { checkName: false } })
    connection.destroy()
  } catch (error) {
    // A certificate that we would not trust is one all the same; so is the wish for one of ours.
    const isTls =
      (error as { peer?: unknown }).peer !== undefined || /^ERR_SSL_.*ALERT/.test(errorCode(error) ?? '')
    if (!isTls) return
  }
  throw new ConnectionError('wrong', address, `${addressText(address)} ${whatSpeaks(TLS_HEAD, protocol)}`)
}
