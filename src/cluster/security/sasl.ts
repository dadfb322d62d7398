/** SASL on a new connection: SaslHandshake says which mechanism, SaslAuthenticate carries its tokens. */
import { TerseError } from '../../errors.ts'
import { SASL_AUTHENTICATE_REQUEST, SASL_AUTHENTICATE_RESPONSE } from '../../message/generated/requests.ts'
import { addressText, ConnectionError } from '../connection/connection-error.ts'
import type { Authenticating } from '../connection/connection-settings.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import type { SaslMechanism } from './sasl-mechanism.ts'

const UNSUPPORTED_SASL_MECHANISM = 33
const ILLEGAL_SASL_STATE = 34

/**
 * Authenticates. Returns the milliseconds that the session lives; 0: as long as the connection.
 * @throws ConnectionError, for good: neither a wrong password nor a wrong mechanism becomes right by itself
 */
export async function authenticate(connection: Authenticating, mechanism: SaslMechanism): Promise<number> {
  const { address } = connection
  const at = addressText(address)
  try {
    const { errorCode, mechanisms } = await connection.handshake(mechanism.name)
    if (errorCode === UNSUPPORTED_SASL_MECHANISM) {
      throw new TerseError(
        `this listener does not offer ${mechanism.name}, it offers ${mechanisms.join(', ')}: see sasl.mechanism`,
      )
    }
    if (errorCode === ILLEGAL_SASL_STATE) {
      throw new TerseError(
        'this listener asks nobody who he is: leave SASL out (security.protocol=PLAINTEXT or SSL)',
      )
    }
    if (errorCode !== 0) throw kafkaErrorOf(errorCode)
    let lifetimeMs = 0
    await mechanism.talk(async (token) => {
      const body = { authBytes: token }
      const answer = await connection.ask(SASL_AUTHENTICATE_REQUEST, SASL_AUTHENTICATE_RESPONSE, body)
      lifetimeMs = Number(answer.sessionLifetimeMs)
      return answer.authBytes
    })
    return lifetimeMs
  } catch (error) {
    if (error instanceof ConnectionError || !(error instanceof TerseError)) throw error
    throw new ConnectionError('wrong', address, `${at}: ${error.message}`)
  }
}
