/** Access control entries under Kafka's names: their enumerations with the codes stored, their texts, and matching. */

export const RESOURCE_TYPES = {
  ANY: 1,
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const
export type AclResourceType = keyof typeof RESOURCE_TYPES

export const PATTERN_TYPES = { ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const
export type AclPatternType = keyof typeof PATTERN_TYPES

export const ACL_OPERATIONS = {
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const
export type AclOperation = keyof typeof ACL_OPERATIONS

export const PERMISSION_TYPES = { DENY: 2, ALLOW: 3 } as const
export type AclPermissionType = keyof typeof PERMISSION_TYPES

/** The only resource of type CLUSTER. */
export const CLUSTER_NAME = 'kafka-cluster'
export const WILDCARD = '*'

/** What may be done with a resource; ALL is right everywhere. */
const SUPPORTED: Readonly<Record<Exclude<AclResourceType, 'ANY'>, readonly AclOperation[]>> = {
  TOPIC: ['ALTER', 'ALTER_CONFIGS', 'CREATE', 'DELETE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE'],
  GROUP: ['ALTER_CONFIGS', 'DELETE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'READ'],
  CLUSTER: [
    'ALTER',
    'ALTER_CONFIGS',
    'CLUSTER_ACTION',
    'CREATE',
    'DESCRIBE',
    'DESCRIBE_CONFIGS',
    'IDEMPOTENT_WRITE',
  ],
  TRANSACTIONAL_ID: ['DESCRIBE', 'TWO_PHASE_COMMIT', 'WRITE'],
  DELEGATION_TOKEN: ['DESCRIBE'],
  USER: ['CREATE_TOKENS', 'DESCRIBE_TOKENS'],
}

export interface ResourcePattern {
  readonly resourceType: Exclude<AclResourceType, 'ANY'>
  readonly name: string
  readonly patternType: 'LITERAL' | 'PREFIXED'
}

/** ANY: of every pattern type, by the very name. MATCH: all that have an effect on a resource of that name. */
export interface ResourcePatternFilter {
  readonly resourceType: AclResourceType
  /** undefined: any. */
  readonly name: string | undefined
  readonly patternType: AclPatternType
}

export interface AccessControlEntry {
  /** `User:alice`. */
  readonly principal: string
  readonly host: string
  readonly operation: AclOperation
  readonly permissionType: AclPermissionType
}

export interface AclBinding {
  readonly pattern: ResourcePattern
  readonly entry: AccessControlEntry
}

export interface AclBindingFilter {
  readonly pattern: ResourcePatternFilter
  /** undefined: every entry. */
  readonly entry: AccessControlEntry | undefined
}

export function supportedOperations(type: Exclude<AclResourceType, 'ANY'>): readonly AclOperation[] {
  return ['ALL', ...SUPPORTED[type]]
}

/** The name of a code in one of the tables above; `UNKNOWN` for one of a newer Kafka. */
export function codeName<T extends string>(table: Readonly<Record<T, number>>, code: number): T | 'UNKNOWN' {
  return (Object.keys(table) as T[]).find((name) => table[name] === code) ?? 'UNKNOWN'
}

/** An access control entry as it is stored and sent: enumerations as codes. */
export interface StoredAcl {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

/** Codes of a newer Kafka show as UNKNOWN; they can be listed and removed, never made. */
export function bindingOf(acl: StoredAcl): AclBinding {
  return {
    pattern: {
      resourceType: codeName(RESOURCE_TYPES, acl.resourceType) as AclBinding['pattern']['resourceType'],
      name: acl.resourceName,
      patternType: codeName(PATTERN_TYPES, acl.patternType) as AclBinding['pattern']['patternType'],
    },
    entry: {
      principal: acl.principal,
      host: acl.host,
      operation: codeName(ACL_OPERATIONS, acl.operation) as AclBinding['entry']['operation'],
      permissionType: codeName(PERMISSION_TYPES, acl.permissionType) as AclBinding['entry']['permissionType'],
    },
  }
}

/** `ResourcePattern(resourceType=TOPIC, name=a, patternType=LITERAL)`. */
export function patternText({ resourceType, name, patternType }: ResourcePatternFilter): string {
  return `ResourcePattern(resourceType=${resourceType}, name=${name ?? '<any>'}, patternType=${patternType})`
}

/** `(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)`. */
export function entryText({ principal, host, operation, permissionType }: AccessControlEntry): string {
  return `(principal=${principal}, host=${host}, operation=${operation}, permissionType=${permissionType})`
}

export function bindingText({ pattern, entry }: AclBinding): string {
  return `(pattern=${patternText(pattern)}, entry=${entryText(entry)})`
}

export function aclMatches(filter: AclBindingFilter, { pattern, entry }: AclBinding): boolean {
  return (
    patternMatches(filter.pattern, pattern) &&
    (filter.entry === undefined || entryText(filter.entry) === entryText(entry))
  )
}

function patternMatches(filter: ResourcePatternFilter, pattern: ResourcePattern): boolean {
  if (filter.resourceType !== 'ANY' && filter.resourceType !== pattern.resourceType) return false
  const { patternType, name } = filter
  if (patternType !== 'ANY' && patternType !== 'MATCH' && patternType !== pattern.patternType) return false
  if (name === undefined) return true
  if (patternType !== 'MATCH') return name === pattern.name
  if (pattern.patternType === 'PREFIXED') return name.startsWith(pattern.name)
  return name === pattern.name || pattern.name === WILDCARD
}
