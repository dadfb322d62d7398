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
  bindingOf,
  bindingText,
  PATTERN_TYPES,
  PERMISSION_TYPES,
  RESOURCE_TYPES,
} from '../../client/admin/acl.ts'
import type { AclAdmin } from '../../client/admin/acl-admin.ts'
import { KafkaError } from '../../errors.ts'
import { randomUuid } from '../../message/uuid.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

/** 4.4-IV1 */
const CIDR_LEVEL = 32

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
      for (const { entry } of acls) checkHost(entry.host, image.metadataVersion)
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

/** Kafka 4.4's check: a host, or, from 4.4-IV1 on, the addresses that share a prefix (10.0.0.0/8). */
function checkHost(host: string, metadataVersion: number): void {
  if (host === '') throw new KafkaError('INVALID_REQUEST', 'Host pattern cannot be null or empty')
  if (!host.includes('/')) return
  if (metadataVersion < CIDR_LEVEL) {
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      'CIDR-based ACL host patterns require metadata version 4.4-IV1 or higher.',
    )
  }
  const problem = cidrProblem(host)
  if (problem !== undefined)
    throw new KafkaError('INVALID_REQUEST', `Invalid CIDR notation '${host}': ${problem}`)
}

function cidrProblem(host: string): string | undefined {
  if (host.includes(':')) return ipv6Problem(host)
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(host)
  if (parts === null) return `Could not parse [${host}]`
  const most = [255, 255, 255, 255, 32]
  const at = most.findIndex((limit, i) => Number(parts[i + 1]) > limit)
  return at < 0 ? undefined : `Value [${parts[at + 1]}] not in range [0,${most[at]}]`
}

function ipv6Problem(host: string): string | undefined {
  const slash = host.indexOf('/')
  const [address, prefix] = [host.slice(0, slash), host.slice(slash + 1)]
  if (!isIpv6(address)) return `Could not parse [${address}]`
  if (!/^\d+$/.test(prefix)) return `Could not parse [${host}]`
  return Number(prefix) <= 128
    ? undefined
    : `Could not parse [${host}] - prefix length must be between 0 and 128`
}

/** As URLs name hosts: eight groups, `::` for some of them, the last two perhaps as an IPv4 address. */
function isIpv6(address: string): boolean {
  return /^[\da-fA-F:.]+$/.test(address) && URL.canParse(`http://[${address}]`)
}

function stored(image: MetadataImage): { id: string; binding: AclBinding }[] {
  return [...image.acls()].map((acl) => ({ id: acl.id, binding: bindingOf(acl) }))
}
