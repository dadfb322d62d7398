/** Tokens for OAUTHBEARER: from a file, from an endpoint by client credentials, or unsecured ones for tests. */
import { TerseError } from '../../errors.ts'
import type { PostForm } from '../../os/https-form.ts'
import type { JaasEntry } from './jaas-config.ts'
import type { TokenSource } from './sasl-mechanism.ts'
import type { ReadFile } from './tls-settings.ts'

type Config = Readonly<Record<string, string>>

const ENDPOINT = 'sasl.oauthbearer.token.endpoint.url'
const HOUR_S = 3600

export interface TokenOs {
  readonly readFile: ReadFile
  readonly postForm: PostForm
  now(): number
}

/** @throws TerseError that names the setting */
export function tokenSource(os: TokenOs, config: Config, jaas: JaasEntry | undefined): TokenSource {
  const options = jaas?.options ?? new Map<string, string>()
  const endpoint = config[ENDPOINT]
  if (endpoint?.startsWith('file:')) return fromFile(os, decodeURIComponent(new URL(endpoint).pathname))
  const id = config['sasl.oauthbearer.client.credentials.client.id'] ?? options.get('clientId')
  const secret = config['sasl.oauthbearer.client.credentials.client.secret'] ?? options.get('clientSecret')
  if (endpoint && id !== undefined && secret !== undefined) {
    const scope = config['sasl.oauthbearer.scope'] ?? options.get('scope')
    return fromEndpoint(os, endpoint, { id, secret, scope })
  }
  if (endpoint) throw new TerseError(`${ENDPOINT}: sasl.jaas.config must name clientId and clientSecret`)
  const subject = options.get('unsecuredLoginStringClaim_sub')
  if (subject !== undefined) return async () => unsecured(subject, os.now())
  throw new TerseError(`sasl.mechanism=OAUTHBEARER needs ${ENDPOINT}, of a file or an https address`)
}

function fromFile(os: TokenOs, file: string): TokenSource {
  return async () => {
    const token = os.readFile(file).toString('utf8').trim()
    if (!/^[\w.~+/=-]+$/.test(token)) throw new TerseError(`${file}: this is no token`)
    return token
  }
}

interface Credentials {
  readonly id: string
  readonly secret: string
  readonly scope: string | undefined
}

function fromEndpoint(os: TokenOs, endpoint: string, { id, secret, scope }: Credentials): TokenSource {
  return async () => {
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
    const form = { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }
    const { status, body } = await os.postForm(endpoint, { authorization }, form)
    if (status !== 200) throw new TerseError(`${endpoint} gave no token: HTTP ${status}${reasonIn(body)}`)
    const token: unknown = jsonOf(body)?.access_token
    if (typeof token !== 'string') throw new TerseError(`${endpoint} answered without an access_token`)
    return token
  }
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonIn(body: string): string {
  const answer = jsonOf(body)
  const reason = answer?.error_description ?? answer?.error
  return typeof reason === 'string' ? `, ${reason}` : ''
}

/** As Kafka's OAuthBearerUnsecuredLoginCallbackHandler makes them: signed by nobody. */
function unsecured(subject: string, nowMs: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = nowMs / 1000
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + HOUR_S })}.`
}
