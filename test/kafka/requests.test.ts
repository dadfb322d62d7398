import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ByteReader } from '../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { codecOf, type MessageObject } from '../../src/message/codec.ts'
import * as requests from '../../src/message/generated/requests.ts'
import type { MessageSchema } from '../../src/message/schema.ts'
import { genuineLibs } from '../support/genuine-kafka.ts'

const PROGRAM = fileURLToPath(new URL('../support/RequestBytes.java', import.meta.url))

test("requests and responses at every version are, byte for byte and field for field, Kafka's own", () => {
  const schemas = new Map(
    (Object.values(requests) as readonly MessageSchema[]).map((schema) => [schema.name, schema]),
  )
  const java = ['-cp', `${genuineLibs()}/*`, PROGRAM]
  const text = execFileSync('java', java, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const wrong: string[] = []
  const seen = new Set<string>()
  for (const line of text.trimEnd().split('\n')) {
    const [name, version, hex] = line.split(' ', 3)
    const json = line.slice(name.length + version.length + hex.length + 3)
    const schema = schemas.get(name)
    if (schema === undefined || Number(version) > schema.highestVersion) continue
    seen.add(name)
    const problem = differs(schema, Number(version), hex, json)
    if (problem !== undefined) wrong.push(`${name} ${version}: ${problem}`)
  }
  expect(wrong).toEqual([])
  expect([...schemas.keys()].filter((name) => !seen.has(name))).toEqual([])
  expect(schemas.size).toBeGreaterThan(150)
})

function differs(schema: MessageSchema, version: number, hex: string, json: string): string | undefined {
  const bytes = Buffer.from(hex, 'hex')
  const message: MessageObject = {}
  try {
    const reader = new ByteReader(bytes, 0, bytes.length)
    codecOf(schema, version).decode(reader, message)
    if (reader.position !== bytes.length) return `${bytes.length - reader.position} bytes are left`
    const writer = new ByteWriter(64)
    codecOf(schema, version).encode(writer, message)
    if (!writer.view().equals(bytes)) return `encoded anew: ${writer.view().toString('hex')} for ${hex}`
  } catch (error) {
    return String(error)
  }
  return missing(JSON.parse(json), message, '')
}

/** What Kafka's JSON says and the decoded message does not. */
function missing(theirs: unknown, ours: unknown, path: string): string | undefined {
  if (Array.isArray(theirs)) {
    const list = (ours ?? []) as readonly unknown[]
    if (list.length !== theirs.length) return `${path} has ${list.length} elements, not ${theirs.length}`
    return theirs.map((one, i) => missing(one, list[i], `${path}[${i}]`)).find((why) => why !== undefined)
  }
  if (theirs !== null && typeof theirs === 'object') {
    return Object.entries(theirs)
      .map(([name, value]) => missing(value, (ours as MessageObject | null)?.[name], `${path}.${name}`))
      .find((why) => why !== undefined)
  }
  const value = ours instanceof Uint8Array ? Buffer.from(ours).toString('base64') : ours
  return value === theirs ? undefined : `${path} is ${String(value)}, not ${String(theirs)}`
}
