/** Java's security settings as what each new connection does. */
import { TerseError } from '../../errors.ts'
import { httpsForm } from '../../os/https-form.ts'
import type { ConnectionSecurity } from '../connection/connection-settings.ts'
import { tokenSource } from './oauth-token.ts'
import { authenticate } from './sasl.ts'
import { saslMechanism } from './sasl-mechanism.ts'
import { type ReadFile, tlsFailure, tlsOptions } from './tls-settings.ts'

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

/**
 * undefined for security.protocol=PLAINTEXT, the default.
 * @throws TerseError that names the setting or the file; passwords stand in none
 */
export async function connectionSecurity(
  config: Readonly<Record<string, string>>,
  readFile: ReadFile,
): Promise<ConnectionSecurity | undefined> {
  const protocol = (config['security.protocol'] ?? 'PLAINTEXT').trim().toUpperCase()
  if (!PROTOCOLS.includes(protocol)) {
    throw new TerseError(
      `security.protocol=${config['security.protocol']} is none of ${PROTOCOLS.join(', ')}`,
    )
  }
  if (protocol === 'PLAINTEXT') return undefined
  const tls = protocol.endsWith('SSL') ? await tlsOptions(config, readFile) : undefined
  const ca = Array.isArray(tls?.ca) ? tls.ca.map(String) : undefined
  const os = { readFile, postForm: httpsForm(ca), now: Date.now }
  const mechanism = protocol.startsWith('SASL')
    ? await saslMechanism(config, async (settings, jaas) => tokenSource(os, settings, jaas))
    : undefined
  return {
    protocol,
    tls,
    principal: mechanism?.principal,
    ...(mechanism === undefined ? {} : { authenticate: (connection) => authenticate(connection, mechanism) }),
    ...(tls === undefined ? {} : { explain: (address, error) => tlsFailure(address, protocol, error) }),
  }
}
