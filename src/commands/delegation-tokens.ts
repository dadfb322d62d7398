/**
 * `tkafka delegation-tokens`: shows the tokens of a directory or cluster. Making, renewing and expiring belong to an
 * authenticated session: a cluster's; a directory refuses, as a broker does without one.
 */
import { checkInvalidArguments, checkRequiredArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, outputFormat, wholeRow } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { DelegationToken } from '../client/admin/token-admin.ts'
import { TerseError, UsageError } from '../errors.ts'
import { principals } from './acls/arguments.ts'
import { propertiesFile } from './open/client-properties.ts'
import { BOOTSTRAP_SERVER } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const principal = <const Name extends string>(name: Name, what: string): Flag<Name> => ({
  name,
  arg: 'optional',
  repeatable: true,
  description: `${what} is a Kafka principal. They should be in principalType:name format.`,
})
const period = <const Name extends string>(name: Name, description: string): Flag<Name> => ({
  name,
  arg: 'optional',
  type: 'long',
  description,
})

const TOKEN = {
  kind: 'delegation-token',
  columns: [
    'tokenId',
    'hmac',
    'owner',
    'requester',
    'renewers',
    'issueTimestamp',
    'expiryTimestamp',
    'maxTimestamp',
  ],
}

const FLAGS = [
  BOOTSTRAP_SERVER,
  {
    name: 'command-config',
    arg: 'required',
    description:
      'REQUIRED: A property file containing configs to be passed to Admin Client. Token management operations are allowed in secure mode only.',
  },
  {
    name: 'create',
    description: 'Create a new delegation token. Use --renewer-principal option to pass renewer principals.',
  },
  {
    name: 'renew',
    description: 'Renew delegation token. Use --renew-time-period option to set renew time period.',
  },
  {
    name: 'expire',
    description: 'Expire delegation token. Use --expiry-time-period option to expire the token.',
  },
  {
    name: 'describe',
    description:
      'Describe delegation tokens for the given principals. Use --owner-principal to pass owner/renewer principals.',
  },
  principal('owner-principal', 'owner'),
  principal('renewer-principal', 'renewer'),
  period('max-life-time-period', 'Max life period for the token in milliseconds; -1: the server decides.'),
  period('renew-time-period', 'Renew time period in milliseconds; -1: the server decides.'),
  period('expiry-time-period', 'Expiry time period in milliseconds; -1: the token ends at once.'),
  { name: 'hmac', arg: 'optional', description: 'HMAC of the delegation token' },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'delegation-tokens',
  summary: 'This tool helps to create, renew, expire, or describe delegation tokens.',
  flags: FLAGS,
  parseErrors: { usage: true },
  async run(context) {
    const { options } = context
    checkArguments(context)
    await propertiesFile(options.value('command-config') ?? '')
    announce(context)
    // Says what is wrong with the directory or the address first.
    const admin = await openAdmin(context)
    try {
      if (options.has('create')) await create(context, admin)
      else if (options.has('renew') || options.has('expire')) await prolong(context, admin)
      else await describe(context, admin)
      return 0
    } finally {
      await admin.close()
    }
  },
})

const COLUMNS = ['TOKENID', 'HMAC', 'OWNER', 'REQUESTER', 'RENEWERS', 'ISSUEDATE', 'EXPIRYDATE', 'MAXDATE']
const WIDTHS = [15, 30, 15, 15, 25, 15, 15, 15]

async function describe(context: Context, admin: Admin): Promise<void> {
  const tokens = await admin.describeDelegationTokens(principals(context.options, 'owner-principal'))
  const machine = machineOutput(context, TOKEN)
  if (machine !== undefined) {
    await machine.all(tokens.map((token) => wholeRow(TOKEN, token)))
    return
  }
  context.stdout.write(`Total number of tokens : ${tokens.length}`)
  printTokens(context, tokens)
}

async function create(context: Context, admin: Admin): Promise<void> {
  const { options } = context
  const token = await admin.createDelegationToken({
    owner: principals(options, 'owner-principal')[0],
    renewers: principals(options, 'renewer-principal'),
    maxLifetimeMs: Number(options.value('max-life-time-period')),
  })
  const machine = machineOutput(context, TOKEN)
  if (machine !== undefined) {
    await machine.all([wholeRow(TOKEN, token)])
    return
  }
  context.stdout.line(`Created delegation token with tokenId : ${token.tokenId}`)
  printTokens(context, [token])
}

async function prolong({ options, stdout }: Context, admin: Admin): Promise<void> {
  const hmac = options.value('hmac') ?? ''
  const renew = options.has('renew')
  const expiry = renew
    ? await admin.renewDelegationToken(hmac, Number(options.value('renew-time-period')))
    : await admin.expireDelegationToken(hmac, Number(options.value('expiry-time-period')))
  stdout.write(`Completed ${renew ? 'renew' : 'expire'} operation. New expiry date : ${minuteOf(expiry)}`)
}

function printTokens({ stdout }: Context, tokens: readonly DelegationToken[]): void {
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(WIDTHS[i])).join(' ')
  stdout.line(`\n${line(COLUMNS)}`)
  for (const token of tokens) {
    const { tokenId, hmac = '-', owner, requester, renewers } = token
    const dates = [token.issueTimestamp, token.expiryTimestamp, token.maxTimestamp].map(minuteOf)
    stdout.line(`\n${line([tokenId, hmac, owner, requester, `[${renewers.join(',')}]`, ...dates])}`)
  }
}

/** `2026-11-21T14:05` in local time. */
function minuteOf(ms: number): string {
  const date = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}

function checkArguments({ options }: Context): void {
  const actions = (['create', 'renew', 'expire', 'describe'] as const).filter((name) => options.has(name))
  if (actions.length !== 1) {
    throw new UsageError('Command must include exactly one action: --create, --renew, --expire or --describe')
  }
  checkRequiredArguments(options, 'command-config')
  if (options.has('create')) checkRequiredArguments(options, 'max-life-time-period')
  if (options.has('renew')) checkRequiredArguments(options, 'hmac', 'renew-time-period')
  if (options.has('expire')) checkRequiredArguments(options, 'hmac', 'expiry-time-period')
  checkInvalidArguments(options, 'create', ['hmac', 'renew-time-period', 'expiry-time-period'])
  checkInvalidArguments(options, 'renew', [
    'renewer-principal',
    'max-life-time-period',
    'expiry-time-period',
    'owner-principal',
  ])
  checkInvalidArguments(options, 'expire', [
    'renew',
    'max-life-time-period',
    'renew-time-period',
    'owner-principal',
  ])
  checkInvalidArguments(options, 'describe', [
    'renew-time-period',
    'max-life-time-period',
    'hmac',
    'expiry-time-period',
  ])
}

/** What the genuine tool prints before it asks. */
function announce({ options, stdout }: Context): void {
  const list = (flag: 'renewer-principal' | 'owner-principal') => `[${principals(options, flag).join(', ')}]`
  if (options.has('create')) {
    const lifetime = number(options.value('max-life-time-period'), 'max-life-time-period')
    const asked = `renewers :${list('renewer-principal')} , max-life-time-period :${lifetime}`
    if (outputFormat(options) === 'text') stdout.line(`Calling create token operation with ${asked}`)
    principals(options, 'owner-principal')
  } else if (options.has('renew')) {
    stdout.line(
      `Calling renew token operation with hmac :${options.value('hmac') ?? ''} , renew-time-period :${number(options.value('renew-time-period'), 'renew-time-period')}`,
    )
  } else if (options.has('expire')) {
    stdout.line(
      `Calling expire token operation with hmac :${options.value('hmac') ?? ''} , expire-time-period :${number(options.value('expiry-time-period'), 'expiry-time-period')}`,
    )
  } else if (outputFormat(options) !== 'text') {
    // Rows alone.
  } else if (principals(options, 'owner-principal').length === 0) {
    stdout.line('Calling describe token operation for current user.')
  } else stdout.line(`Calling describe token operation for owners: ${list('owner-principal')}`)
}

function number(text: string | undefined, flag: string): string {
  if (text !== undefined && /^[+-]?\d{1,19}$/.test(text)) return String(BigInt(text))
  throw new TerseError(`Cannot parse argument '${text ?? ''}' of option ${flag}`)
}
