/** `tkafka acls`: access control entries, stored as metadata for the broker that is started on the directory. */

import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { option } from '../cli/flags.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import {
  type AclBinding,
  bindingText,
  entryText,
  patternText,
  type ResourcePatternFilter,
} from '../client/admin/acl.ts'
import type { Admin } from '../client/admin/admin.ts'
import { TerseError, UsageError } from '../errors.ts'
import { aclsOf, aclsToAdd, checkArguments, principals, resourceFilters } from './acls/arguments.ts'
import { Confirmation } from './acls/confirmation.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const resource = <const Name extends string>(name: Name, description: string) =>
  option(name, name, description, { repeatable: true })

const FLAGS = [
  BOOTSTRAP_SERVER,
  BOOTSTRAP_CONTROLLER,
  {
    name: 'command-config',
    arg: 'optional',
    argName: 'command-config',
    description: 'A property file containing configs to be passed to Admin Client.',
  },
  { name: 'add', description: 'Indicates you are trying to add ACLs.' },
  { name: 'remove', description: 'Indicates you are trying to remove ACLs.' },
  {
    name: 'list',
    description:
      'List ACLs for the specified resource, use --topic <topic> or --group <group> or --cluster to specify a resource.',
  },
  resource(
    'topic',
    "topic to which ACLs should be added or removed. A value of '*' indicates ACL should apply to all topics.",
  ),
  { name: 'cluster', description: 'Add/Remove cluster ACLs.' },
  resource(
    'group',
    "Consumer Group to which the ACLs should be added or removed. A value of '*' indicates the ACLs should apply to all groups.",
  ),
  resource(
    'transactional-id',
    "The transactionalId to which ACLs should be added or removed. A value of '*' indicates the ACLs should apply to all transactionalIds.",
  ),
  {
    name: 'idempotent',
    description: 'Enable idempotence for the producer, in combination with the --producer option.',
  },
  resource(
    'delegation-token',
    "Delegation token to which ACLs should be added or removed. A value of '*' indicates ACL should apply to all tokens.",
  ),
  resource(
    'user-principal',
    'Specifies a user principal as a resource in relation with the operation, such as CreateTokens or DescribeTokens.',
  ),
  {
    name: 'resource-pattern-type',
    arg: 'required',
    argName: 'ANY|MATCH|LITERAL|PREFIXED',
    default: 'LITERAL',
    description:
      "The type of the resource pattern or pattern filter. When adding acls 'literal' or 'prefixed'. When listing or removing also 'any', which matches any pattern type but the very name, or 'match', which finds all acls that affect the resource.",
  },
  {
    name: 'operation',
    arg: 'required',
    repeatable: true,
    description:
      'Operation that is being allowed or denied: Create, IdempotentWrite, Write, Read, All, Alter, Describe, ClusterAction, DescribeConfigs, DescribeTokens, CreateTokens, AlterConfigs, TwoPhaseCommit, Delete. (default: All)',
  },
  resource(
    'allow-principal',
    "principal is in principalType:name format. For example, User:'*' is the wild card indicating all users.",
  ),
  resource(
    'deny-principal',
    'principal is in principalType:name format. Deny rules take precedence over allow rules; anyone not allowed is denied anyway.',
  ),
  {
    name: 'principal',
    arg: 'optional',
    argName: 'principal',
    repeatable: true,
    description: 'List ACLs for the specified principal, in principalType:name format.',
  },
  resource(
    'allow-host',
    "Host from which principals listed in --allow-principal will have access; '*' when not given.",
  ),
  resource(
    'deny-host',
    "Host from which principals listed in --deny-principal will be denied access; '*' when not given.",
  ),
  {
    name: 'producer',
    description:
      'Convenience option to add/remove ACLs for producer role: WRITE, DESCRIBE and CREATE on topic.',
  },
  {
    name: 'consumer',
    description:
      'Convenience option to add/remove ACLs for consumer role: READ, DESCRIBE on topic and READ on group.',
  },
  { name: 'force', description: 'Assume Yes to all queries and do not prompt.' },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'acls',
  summary: 'This tool helps to manage acls on kafka.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: [
    'tkafka acls --add --allow-principal User:alice --producer --topic quakes',
    'tkafka acls --list --topic quakes',
    'tkafka acls --remove --topic quakes --force',
  ],
  async run(context) {
    checkArguments(context.options)
    try {
      await run(context)
    } catch (error) {
      if (error instanceof OutputError || error instanceof UsageError) throw error
      if (!(error instanceof TerseError)) throw error
      context.stdout.flush()
      context.stderr.line(`Error while executing ACL command: ${error.message}`)
      return 1
    }
  },
})

async function run(context: Context): Promise<void> {
  const { options } = context
  // What is wrong with the words is said before any directory is looked at.
  if (options.has('add')) aclsToAdd(options)
  else if (options.has('remove')) aclsOf(options)
  else resourceFilters(options, false)
  const admin = await openAdmin(context)
  try {
    if (options.has('add')) await add(context, admin)
    else if (options.has('remove')) await remove(context, admin)
    else await list(context, admin)
  } finally {
    await admin.close()
  }
}

async function add({ options, stdout }: Context, admin: Admin): Promise<void> {
  for (const { resource: pattern, entries } of aclsToAdd(options)) {
    const existing = await admin.describeAcls({ pattern, entry: undefined })
    const known = new Set(existing.map(bindingText))
    const all = entries.map((entry) => ({ pattern, entry }))
    for (const acl of all)
      if (known.has(bindingText(acl))) stdout.line(`Acl ${bindingText(acl)} already exists.`)
    const fresh = all.filter((acl) => !known.has(bindingText(acl)))
    if (fresh.length === 0) continue
    stdout.line(`Adding ACLs for resource \`${patternText(pattern)}\`: \n ${lines(fresh)}\n`)
    await admin.createAcls(fresh)
  }
}

async function remove(context: Context, admin: Admin): Promise<void> {
  const force = context.options.has('force')
  const confirmation = new Confirmation(context)
  for (const { resource: pattern, entries } of aclsOf(context.options)) {
    const name = patternText(pattern)
    const question =
      entries.length === 0
        ? `Are you sure you want to delete all ACLs for resource filter \`${name}\`? (y/n)`
        : `Are you sure you want to remove ACLs: \n ${lines(entries.map((entry) => ({ entry })))}\n from resource filter \`${name}\`? (y/n)`
    if (!force && !(await confirmation.yes(question))) continue
    const filters = entries.length === 0 ? [undefined] : entries
    await admin.deleteAcls(filters.map((entry) => ({ pattern, entry })))
  }
  confirmation.close()
}

const ACL_SHAPE = {
  kind: 'acl',
  columns: [
    'resourceType',
    'resourceName',
    'patternType',
    'principal',
    'host',
    'operation',
    'permissionType',
  ],
}

async function list(context: Context, admin: Admin): Promise<void> {
  const { options, stdout } = context
  const filters: ResourcePatternFilter[] = resourceFilters(options, false)
  if (filters.length === 0) filters.push({ resourceType: 'ANY', name: undefined, patternType: 'ANY' })
  const found = new Map<string, Map<string, AclBinding>>()
  for (const pattern of filters) {
    for (const acl of await admin.describeAcls({ pattern, entry: undefined })) {
      const name = patternText(acl.pattern)
      const acls = found.get(name) ?? new Map()
      found.set(name, acls.set(entryText(acl.entry), acl))
    }
  }
  const print = (chosen: (acl: AclBinding) => boolean) => {
    for (const [name, acls] of found) {
      const shown = [...acls.values()].filter(chosen)
      if (shown.length > 0) stdout.line(`Current ACLs for resource \`${name}\`:\n${lines(shown)}\n`)
    }
  }
  const wanted = principals(options, 'principal')
  const machine = machineOutput(context, ACL_SHAPE)
  if (machine !== undefined) {
    const all = [...found.values()].flatMap((acls) => [...acls.values()])
    await machine.all(
      all
        .filter(({ entry }) => wanted.length === 0 || wanted.includes(entry.principal))
        .map(({ pattern, entry }) => ({
          resourceType: pattern.resourceType,
          resourceName: pattern.name,
          patternType: pattern.patternType,
          ...entry,
        })),
    )
    return
  }
  if (wanted.length === 0) print(() => true)
  for (const principal of wanted) {
    stdout.line(`ACLs for principal \`${principal}\``)
    print(({ entry }) => entry.principal === principal)
  }
}

function lines(acls: readonly Pick<AclBinding, 'entry'>[]): string {
  return acls.map(({ entry }) => `\t${entryText(entry)}`).join('\n')
}
