/** SCRAM credentials on storage's command line: `SCRAM-SHA-256=[name=alice,password=alice-secret]`. */
import { randomBytes } from 'node:crypto'
import { TerseError } from '../../errors.ts'
import {
  MAX_ITERATIONS,
  MIN_ITERATIONS,
  SALT_BYTES,
  SCRAM_MECHANISMS,
  saltedPassword,
} from '../../message/scram-mechanism.ts'
import type { ScramCredentialImage } from '../../metadata/metadata-image.ts'
import { scramCredential } from '../../metadata/scram-credential.ts'

const KEYS = new Set(['name', 'password', 'saltedpassword', 'salt', 'iterations'])

/** @throws TerseError in the genuine tool's words */
export function parseScram(argument: string): ScramCredentialImage {
  const equals = argument.indexOf('=')
  if (equals < 0) throw new TerseError(`Failed to find equals sign in SCRAM argument '${argument}'`)
  const name = argument.slice(0, equals)
  const mechanism = SCRAM_MECHANISMS.find((one) => one.name === name)
  if (mechanism === undefined) throw new TerseError(`The add-scram mechanism ${name} is not supported.`)
  const config = argument.slice(equals + 1)
  if (!config.startsWith('[')) throw new TerseError(`Expected configuration string to start with [`)
  if (!config.endsWith(']')) throw new TerseError(`Expected configuration string to end with ]`)
  const values = new Map(config.slice(1, -1).split(',').map(componentOf))
  const user = values.get('name')
  if (!user) throw new TerseError("You must supply 'name' to add-scram")
  const password = values.get('password')
  const alreadySalted = values.get('saltedpassword')
  if (password !== undefined && alreadySalted !== undefined) {
    throw new TerseError("You must only supply one of 'password' or 'saltedpassword' to add-scram")
  }
  if (password === undefined && alreadySalted === undefined) {
    throw new TerseError("You must supply one of 'password' or 'saltedpassword' to add-scram")
  }
  if (alreadySalted !== undefined && !values.has('salt')) {
    throw new TerseError("You must supply 'salt' with 'saltedpassword' to add-scram")
  }
  const iterations = iterationsOf(values.get('iterations'), name)
  const unknown = [...values.keys()].filter((key) => !KEYS.has(key))
  if (unknown.length > 0) throw new TerseError(`Unknown SCRAM configurations: ${unknown.join(', ')}`)
  const salt = values.has('salt') ? Buffer.from(values.get('salt') ?? '', 'base64') : randomBytes(SALT_BYTES)
  const salted =
    alreadySalted === undefined
      ? saltedPassword(mechanism, password ?? '', salt, iterations)
      : Buffer.from(alreadySalted, 'base64')
  return scramCredential(user, mechanism, { salt, salted, iterations })
}

function componentOf(pair: string): [string, string] {
  const at = pair.indexOf('=')
  if (at < 0) throw new TerseError(`No equals sign found in SCRAM component: ${pair}`)
  return [pair.slice(0, at), pair.slice(at + 1).replace(/^"(.*)"$/, '$1')]
}

function iterationsOf(text: string | undefined, mechanism: string): number {
  if (text === undefined) return MIN_ITERATIONS
  if (!/^[+-]?\d{1,9}$/.test(text)) throw new TerseError(`Failed to parse iterations count: ${text}`)
  const iterations = Number(text)
  const rule = (sign: string, limit: number) =>
    new TerseError(
      `The 'iterations' value must be ${sign} ${limit} for add-scram using ${mechanism.replaceAll('-', '_')}`,
    )
  if (iterations < MIN_ITERATIONS) throw rule('>=', MIN_ITERATIONS)
  if (iterations > MAX_ITERATIONS) throw rule('<=', MAX_ITERATIONS)
  return iterations
}
