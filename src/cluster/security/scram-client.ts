/** The client's side of SCRAM (RFC 5802) without channel binding. Source of Kafka's extensions: ScramSaslClient. */
import { TerseError } from '../../errors.ts'

const HASHES = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const
export type ScramMechanism = keyof typeof HASHES
/** What Kafka stores at least. */
const MIN_ITERATIONS = 4096
/** `n,,` in base64: no channel binding. */
const NO_BINDING = 'biws'

/** One conversation: `first`, then `final` with the server's first answer, then `verify` with its last. */
export class ScramClient {
  readonly #hash: string
  readonly #password: string
  readonly #bare: string
  readonly #nonce: string
  #serverSignature: Buffer | undefined

  /** `byToken`: user and password are a delegation token's id and HMAC. */
  constructor(
    mechanism: ScramMechanism,
    user: string,
    password: string,
    byToken: boolean,
    nonce = randomNonce(),
  ) {
    this.#hash = HASHES[mechanism]
    this.#password = password
    this.#nonce = nonce
    const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#bare = `n=${name},r=${nonce}${byToken ? ',tokenauth=true' : ''}`
  }

  first(): Buffer {
    return Buffer.from(`n,,${this.#bare}`)
  }

  /** @throws TerseError where the server's answer is none that can be trusted */
  final(serverFirst: Buffer): Buffer {
    const text = serverFirst.toString()
    const fields = fieldsOf(text)
    const nonce = fields.get('r') ?? ''
    const iterations = Number(fields.get('i'))
    const salt = Buffer.from(fields.get('s') ?? '', 'base64')
    if (fields.has('e')) throw new TerseError(`SCRAM: ${fields.get('e')}`)
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce)
      throw new TerseError('SCRAM: the server answers another client')
    if (!(iterations >= MIN_ITERATIONS) || iterations > 10_000_000) {
      throw new TerseError(
        `SCRAM: ${fields.get('i')} iterations are not within what is safe (${MIN_ITERATIONS} and more)`,
      )
    }
    const crypto = process.getBuiltinModule('node:crypto')
    const hmac = (key: Buffer, data: string) => crypto.createHmac(this.#hash, key).update(data).digest()
    const hash = (data: Buffer) => crypto.createHash(this.#hash).update(data).digest()
    const length = hash(Buffer.alloc(0)).length
    const salted = crypto.pbkdf2Sync(this.#password.normalize('NFKC'), salt, iterations, length, this.#hash)
    const clientKey = hmac(salted, 'Client Key')
    const withoutProof = `c=${NO_BINDING},r=${nonce}`
    const message = `${this.#bare},${text},${withoutProof}`
    const signature = hmac(hash(clientKey), message)
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]))
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), message)
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  /** @throws TerseError for a server that does not know the password */
  verify(serverFinal: Buffer): void {
    const fields = fieldsOf(serverFinal.toString())
    const error = fields.get('e')
    if (error !== undefined) throw new TerseError(`SCRAM: ${error}`)
    const signature = Buffer.from(fields.get('v') ?? '', 'base64')
    if (this.#serverSignature === undefined || !signature.equals(this.#serverSignature)) {
      throw new TerseError('SCRAM: the server does not know the password either')
    }
  }
}

function fieldsOf(message: string): Map<string, string> {
  return new Map(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}

function randomNonce(): string {
  return process.getBuiltinModule('node:crypto').randomBytes(24).toString('base64url')
}
