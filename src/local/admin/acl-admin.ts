/**
 * Access control entries of a data directory: metadata records, as a genuine controller stores them. A directory
 * enforces none of them (file permissions guard it); a broker that is started on it does.
 */
import { join } from 'node:path'
import {
  ACL_OPERATIONS,
  type AclBinding,
  type AclBindingFilter,
  aclMatches,
  bindingText,
  codeName,
  PATTERN_TYPES,
  PERMISSION_TYPES,
  RESOURCE_TYPES,
} from '../../client/admin/acl.ts'
import type { AclAdmin } from '../../client/admin/acl-admin.ts'
import { KafkaError } from '../../errors.ts'
import { randomUuid } from '../../message/uuid.ts'
import type { AclImage, MetadataImage } from '../../metadata/metadata-image.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export class LocalAcls implements AclAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  async describeAcls(filter: AclBindingFilter): Promise<AclBinding[]> {
    this.#requireAuthorizer('No Authorizer is configured on the broker')
    return stored(this.#directory.image())
      .map(({ binding }) => binding)
      .filter((binding) => aclMatches(filter, binding))
  }

  async createAcls(acls: readonly AclBinding[]): Promise<void> {
    this.#requireAuthorizer('No Authorizer is configured.')
    for (const { pattern } of acls) {
      if (pattern.name === '') throw new KafkaError('INVALID_REQUEST', 'Invalid empty resource name')
    }
    await this.#directory.alter((image) => {
      const known = new Set(stored(image).map(({ binding }) => bindingText(binding)))
      return acls
        .filter((acl) => !known.has(bindingText(acl)))
        .map(({ pattern, entry }) => ({
          type: 'AccessControlEntryRecord',
          id: randomUuid((size) => this.#os.randomBytes(size)),
          resourceType: RESOURCE_TYPES[pattern.resourceType],
          resourceName: pattern.name,
          patternType: PATTERN_TYPES[pattern.patternType],
          principal: entry.principal,
          host: entry.host,
          operation: ACL_OPERATIONS[entry.operation],
          permissionType: PERMISSION_TYPES[entry.permissionType],
        }))
    })
  }

  async deleteAcls(filters: readonly AclBindingFilter[]): Promise<AclBinding[]> {
    this.#requireAuthorizer('No Authorizer is configured.')
    const chosen = (image: MetadataImage) =>
      stored(image).filter(({ binding }) => filters.some((filter) => aclMatches(filter, binding)))
    if (chosen(this.#directory.image()).length === 0) return []
    let removed: AclBinding[] = []
    await this.#directory.alter((image) => {
      const found = chosen(image)
      removed = found.map(({ binding }) => binding)
      return found.map(({ id }) => ({ type: 'RemoveAccessControlEntryRecord', id }))
    })
    return removed
  }

  /** The authorizer of the broker that this directory is started with. */
  #requireAuthorizer(message: string): void {
    const name = this.#directory.serverProperties().get('authorizer.class.name') ?? ''
    if (name.trim() !== '') return
    const file = join(this.#directory.path, 'server.properties')
    throw new KafkaError(
      'SECURITY_DISABLED',
      `${message}\nSay in ${file} which one: authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer`,
    )
  }
}

function stored(image: MetadataImage): { id: string; binding: AclBinding }[] {
  return [...image.acls()].map((acl) => ({ id: acl.id, binding: bindingOf(acl) }))
}

/** Codes of a newer Kafka show as UNKNOWN; they can be listed and removed, never made. */
function bindingOf(acl: AclImage): AclBinding {
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
