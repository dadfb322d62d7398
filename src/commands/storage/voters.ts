/** The voters of a dynamic quorum on storage's command line: `1@localhost:9093:DIRECTORY,2@[::1]:9093:DIRECTORY`. */
import { TerseError } from '../../errors.ts'
import { isUuid } from '../../message/uuid.ts'

export interface DynamicVoter {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly directory: string
}

/** @throws TerseError in the genuine tool's words, with the voter at fault in the next line */
export function dynamicVoters(text: string): DynamicVoter[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0) throw new TerseError('No voters given.')
  const voters = parts.map(dynamicVoter)
  voters.forEach(({ id }, i) => {
    if (voters.findIndex((one) => one.id === id) !== i)
      throw new TerseError(`Node id ${id} was specified more than once.`)
  })
  return voters
}

function dynamicVoter(text: string): DynamicVoter {
  const fail = (what: string) => new TerseError(`${what}\n${text}: expected id@hostname:port:directory`)
  const at = text.indexOf('@')
  if (at < 0) throw fail('No @ found in dynamic voter string.')
  const id = text.slice(0, at)
  if (!/^[+-]?\d{1,10}$/.test(id)) throw fail('Failed to parse node id in dynamic voter string.')
  if (Number(id) < 0) throw fail(`Invalid negative node id ${Number(id)} in dynamic voter string.`)
  const { host, rest } = hostOf(text.slice(at + 1), fail)
  const colon = rest.indexOf(':')
  if (colon < 0) throw fail('No colon following port could be found.')
  const port = rest.slice(0, colon)
  if (!/^[+-]?\d{1,10}$/.test(port)) throw fail('Failed to parse port in dynamic voter string.')
  if (Number(port) < 0 || Number(port) > 65535)
    throw fail(`Invalid port ${Number(port)} in dynamic voter string.`)
  const directory = rest.slice(colon + 1)
  if (!isUuid(directory)) throw fail('Failed to parse directory ID in dynamic voter string.')
  return { id: Number(id), host, port: Number(port), directory }
}

function hostOf(text: string, fail: (what: string) => TerseError): { host: string; rest: string } {
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0) throw fail('Hostname began with left bracket, but no right bracket was found.')
    if (text[end + 1] !== ':') throw fail('No colon following hostname could be found.')
    return { host: text.slice(1, end), rest: text.slice(end + 2) }
  }
  const colon = text.indexOf(':')
  if (colon < 0) throw fail('No colon following hostname could be found.')
  return { host: text.slice(0, colon), rest: text.slice(colon + 1) }
}
