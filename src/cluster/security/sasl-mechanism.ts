/** What is said in SASL, by mechanism, from Java's settings. */
import { TerseError } from '../../errors.ts'
import { type JaasEntry, parseJaas } from './jaas-config.ts'
import { ScramClient, type ScramMechanism } from './scram-client.ts'

/** Sends a token, gives back the broker's. */
export type Exchange = (token: Buffer) => Promise<Buffer>

export interface SaslMechanism {
  readonly name: string
  /** Who we are to the broker then, where that is known here: not behind a token. */
  readonly principal?: string
  /** @throws KafkaError SASL_AUTHENTICATION_FAILED in the broker's words */
  talk(exchange: Exchange): Promise<void>
}

type Config = Readonly<Record<string, string>>

/** A bearer token, fetched or read anew for each connection. */
export type TokenSource = () => Promise<string>

/** @throws TerseError that names the setting */
export async function saslMechanism(
  config: Config,
  oauthToken: (config: Config, jaas: JaasEntry | undefined) => Promise<TokenSource>,
): Promise<SaslMechanism> {
  const name = config['sasl.mechanism'] || 'GSSAPI'
  const jaasText = config['sasl.jaas.config']
  if (name === 'OAUTHBEARER') {
    return oauthBearer(await oauthToken(config, jaasText ? parseJaas(jaasText) : undefined))
  }
  if (name !== 'PLAIN' && name !== 'SCRAM-SHA-256' && name !== 'SCRAM-SHA-512') {
    const unset = config['sasl.mechanism'] ? '' : ' (what Kafka takes where nothing is set)'
    throw new TerseError(
      `sasl.mechanism=${name}${unset}: tkafka speaks PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER`,
    )
  }
  if (!jaasText)
    throw new TerseError(`sasl.mechanism=${name} needs sasl.jaas.config, with username and password`)
  const { options } = parseJaas(jaasText)
  const user = options.get('username')
  const password = options.get('password')
  if (user === undefined || password === undefined) {
    throw new TerseError(`sasl.jaas.config: ${user === undefined ? 'username' : 'password'} is missing`)
  }
  return name === 'PLAIN'
    ? plain(user, password)
    : scram(name, user, password, options.get('tokenauth') === 'true')
}

function plain(user: string, password: string): SaslMechanism {
  return {
    name: 'PLAIN',
    principal: `User:${user}`,
    async talk(exchange) {
      await exchange(Buffer.from(`\0${user}\0${password}`))
    },
  }
}

function scram(name: ScramMechanism, user: string, password: string, byToken: boolean): SaslMechanism {
  return {
    name,
    ...(byToken ? {} : { principal: `User:${user}` }),
    async talk(exchange) {
      const client = new ScramClient(name, user, password, byToken)
      client.verify(await exchange(client.final(await exchange(client.first()))))
    },
  }
}

function oauthBearer(token: TokenSource): SaslMechanism {
  return {
    name: 'OAUTHBEARER',
    async talk(exchange) {
      const refusal = await exchange(Buffer.from(`n,,\x01auth=Bearer ${await token()}\x01\x01`))
      // A broker that refuses says why, and fails the conversation with the next word.
      if (refusal.length > 0) {
        await exchange(Buffer.from('\x01'))
        throw new TerseError(`the token was refused: ${refusal.toString()}`)
      }
    },
  }
}
