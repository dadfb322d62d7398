/** `configs --describe --output`: one row a setting, quotas and credentials of users among them. */
import type { CommandContext } from '../../cli/command.ts'
import { type MachineOutput, machineOutput, type RowShape } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import {
  checkTopicName,
  everyName,
  exists,
  matchingQuotas,
  noTopic,
  RESOURCES,
  resourceConfigs,
} from './describe.ts'
import { type Entities, type EntityType, singular } from './entities.ts'

const SHAPE: RowShape = {
  kind: 'config-entry',
  columns: ['entity', 'name', 'value', 'source', 'sensitive', 'readOnly', 'synonyms'],
}

/** False when text is asked for, and nothing was written. Throws what the text form throws. */
export async function writeConfigs(
  context: CommandContext<'all' | 'topic' | 'output'>,
  admin: Admin,
  entities: Entities,
): Promise<boolean> {
  const machine = machineOutput(context, SHAPE)
  if (machine === undefined) return false
  const [type] = entities.types
  if (RESOURCES[type] !== undefined) await writeResources(machine, context, admin, type, entities.names[0])
  else await writeQuotas(machine, admin, entities)
  machine.end()
  return true
}

async function writeResources(
  machine: MachineOutput,
  context: CommandContext<'all' | 'topic'>,
  admin: Admin,
  type: EntityType,
  name: string | undefined,
): Promise<void> {
  const { options, stderr } = context
  const all = options.has('all')
  if (type === 'topics' && name !== undefined) checkTopicName(name)
  if (name !== undefined && name !== '' && !all && !(await exists(admin, type, name))) {
    stderr.line(`The ${singular(type)} '${name}' doesn't exist and doesn't have dynamic config.`)
    if (options.has('topic')) throw await noTopic(admin, name)
    return
  }
  for (const one of name === undefined ? await everyName(admin, type) : [name]) {
    for (const entry of await resourceConfigs(admin, type, one, all)) {
      machine.row({
        entity: { [singular(type)]: one === '' ? null : one },
        name: entry.name,
        value: entry.value,
        source: entry.source,
        sensitive: entry.sensitive,
        readOnly: entry.readOnly,
        synonyms: entry.synonyms.map((synonym) => ({ ...synonym })),
      })
    }
  }
}

/** The default entity has the name null. */
async function writeQuotas(machine: MachineOutput, admin: Admin, entities: Entities): Promise<void> {
  const plain = { sensitive: false, readOnly: false, synonyms: [] }
  for (const { entity, values } of await matchingQuotas(admin, entities)) {
    const named = Object.fromEntries(entity.map(({ type, name }) => [type, name]))
    for (const [name, value] of [...values].sort()) {
      machine.row({ entity: named, name, value: String(value), source: 'CLIENT_QUOTA', ...plain })
    }
  }
  if (entities.types[0] === 'ips' || entities.types.includes('clients') || entities.names.includes('')) return
  for (const [user, infos] of await admin.describeUserScramCredentials(entities.names)) {
    for (const { mechanism, iterations } of infos) {
      const value = `iterations=${iterations}`
      machine.row({ entity: { user }, name: mechanism, value, source: 'SCRAM_CREDENTIAL', ...plain })
    }
  }
}
