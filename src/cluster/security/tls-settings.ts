/** Java's `ssl.*` settings as what a TLS handshake needs, and what a failed handshake means. */
import { TerseError } from '../../errors.ts'
import { errorCode } from '../../os/error-code.ts'
import type { PeerRefusal, SocketAddress, TlsOptions } from '../../os/sockets.ts'
import { addressText, ConnectionError } from '../connection/connection-error.ts'
import { readKeyStore, readPem } from './key-store.ts'

export type ReadFile = (path: string) => Buffer
type Config = Readonly<Record<string, string>>

/** @throws TerseError that names the setting or the file */
export async function tlsOptions(config: Config, readFile: ReadFile): Promise<TlsOptions> {
  for (const name of ['ssl.engine.factory.class', 'ssl.provider', 'security.providers']) {
    if (config[name]) throw new TerseError(`${name}: Java classes cannot be loaded here`)
  }
  const identification = config['ssl.endpoint.identification.algorithm'] ?? 'https'
  return {
    ...(await trustOf(config, readFile)),
    ...(await identityOf(config, readFile)),
    ...protocolsOf(config),
    checkName: identification.trim() !== '',
  }
}

async function trustOf(config: Config, readFile: ReadFile): Promise<Pick<TlsOptions, 'ca'>> {
  const inline = config['ssl.truststore.certificates']
  if (inline)
    return { ca: [...inSetting('ssl.truststore.certificates', () => readPem(inline, undefined)).trusted] }
  const file = config['ssl.truststore.location']
  if (!file) return {}
  const store = await readKeyStore(file, readFile(file), {
    store: config['ssl.truststore.password'],
    key: undefined,
  })
  if (store.trusted.length === 0) throw new TerseError(`${file}: there is no trusted certificate in it`)
  return { ca: [...store.trusted] }
}

async function identityOf(
  config: Config,
  readFile: ReadFile,
): Promise<Pick<TlsOptions, 'cert' | 'key' | 'passphrase'>> {
  const inline = config['ssl.keystore.key']
  const file = config['ssl.keystore.location']
  const keyPassword = config['ssl.key.password']
  if (inline) {
    const text = `${inline}\n${config['ssl.keystore.certificate.chain'] ?? ''}`
    return identityIn('ssl.keystore.key', inSetting('ssl.keystore.key', () => readPem(text, keyPassword)).key)
  }
  if (!file) return {}
  const passwords = { store: config['ssl.keystore.password'], key: keyPassword }
  return identityIn(file, (await readKeyStore(file, readFile(file), passwords)).key)
}

function identityIn(
  where: string,
  identity:
    | { readonly key: string; readonly chain: readonly string[]; readonly passphrase?: string }
    | undefined,
): Pick<TlsOptions, 'cert' | 'key' | 'passphrase'> {
  if (identity === undefined)
    throw new TerseError(`${where}: there is no key in it that these passwords open`)
  const { key, chain, passphrase } = identity
  return { key, cert: chain.join(''), ...(passphrase === undefined ? {} : { passphrase }) }
}

function inSetting<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof TerseError ? new TerseError(`${name}: ${error.message}`) : error
  }
}

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

function protocolsOf(config: Config): Pick<TlsOptions, 'ciphers' | 'minVersion' | 'maxVersion'> {
  const list = (name: string) =>
    (config[name] ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
  const enabled = VERSIONS.filter((version) => list('ssl.enabled.protocols').includes(version))
  const ciphers = list('ssl.cipher.suites').map(opensslName)
  return {
    ...(enabled.length === 0 ? {} : { minVersion: enabled[0], maxVersion: enabled.at(-1) }),
    ...(ciphers.length === 0 ? {} : { ciphers: ciphers.join(':') }),
  }
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`; suites of TLS 1.3 have one name. */
function opensslName(suite: string): string {
  if (!suite.includes('_WITH_')) return suite
  return suite
    .replace(/^(TLS|SSL)_/, '')
    .replace('_WITH_', '_')
    .replace(/^RSA_/, '')
    .replace(/AES_(\d+)/, 'AES$1')
    .replace(/_CBC/, '')
    .replaceAll('_', '-')
}

const NOT_TRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
])

/** What a handshake's failure means, in one line; undefined where it is not TLS that failed. */
export function tlsFailure(
  address: SocketAddress,
  protocol: string,
  error: unknown,
): ConnectionError | undefined {
  const at = addressText(address)
  const why = refusedPeer(error as PeerRefusal) ?? brokenHandshake(protocol, error)
  return why === undefined ? undefined : new ConnectionError('wrong', address, `${at} ${why}`)
}

/** The other end's certificate is not good enough. */
function refusedPeer(error: PeerRefusal): string | undefined {
  const { peer } = error
  if (peer === undefined) return undefined
  const shows = `shows a certificate for ${peer.subject}, issued by ${peer.issuer}`
  const code = errorCode(error) ?? ''
  if (code === 'CERT_HAS_EXPIRED') return `${shows}, which expired on ${peer.validTo}`
  if (code === 'CERT_NOT_YET_VALID') return `${shows}, which is not valid before ${peer.validFrom}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `${shows}, whose names are ${peer.names || 'none'}: connect to one of these, or set ssl.endpoint.identification.algorithm= to leave the name unchecked`
  }
  if (NOT_TRUSTED.has(code))
    return `${shows}, which is not trusted: name its issuer's certificate in ssl.truststore.location`
  return `${shows}, which is refused (${code || error.message})`
}

function brokenHandshake(protocol: string, error: unknown): string | undefined {
  const { message } = error as Error
  const code = errorCode(error) ?? ''
  const plain = protocol === 'SASL_SSL' ? 'SASL_PLAINTEXT' : 'PLAINTEXT'
  if (
    /wrong version number|packet length too long|unexpected message/i.test(message) ||
    code === 'ECONNRESET'
  ) {
    return `does not speak TLS: leave security.protocol=${protocol} out, or set security.protocol=${plain}`
  }
  if (
    /certificate required|bad certificate|unknown ca|certificate unknown|handshake failure/i.test(message)
  ) {
    return `refused the certificate of this client, or wants one: see ssl.keystore.location (${shortAlert(message)})`
  }
  if (/protocol version|no shared cipher|unsupported protocol/i.test(message)) {
    return `and this client have no TLS version or cipher in common: see ssl.enabled.protocols and ssl.cipher.suites`
  }
  return undefined
}

function shortAlert(message: string): string {
  return /alert[ :]+([a-z ]+)/i.exec(message)?.[1].trim() ?? 'handshake failure'
}
