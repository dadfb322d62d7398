/** Access control entries of a cluster. */
import {
  ACL_OPERATIONS,
  type AclBinding,
  type AclBindingFilter,
  bindingOf,
  PATTERN_TYPES,
  PERMISSION_TYPES,
  RESOURCE_TYPES,
} from '../../client/admin/acl.ts'
import type { AclAdmin } from '../../client/admin/acl-admin.ts'
import {
  CREATE_ACLS_REQUEST,
  CREATE_ACLS_RESPONSE,
  DELETE_ACLS_REQUEST,
  DELETE_ACLS_RESPONSE,
  DESCRIBE_ACLS_REQUEST,
  DESCRIBE_ACLS_RESPONSE,
} from '../../message/generated/requests.ts'
import type { ClusterClient } from '../cluster-client.ts'

const ANY = 1

export class ClusterAcls implements AclAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeAcls(filter: AclBindingFilter): Promise<AclBinding[]> {
    const { patternTypeFilter, ...codes } = filterCodes(filter)
    const { resources } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const body = { ...codes, patternTypeFilter }
      return controller.ask(DESCRIBE_ACLS_REQUEST, DESCRIBE_ACLS_RESPONSE, body)
    })
    return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => bindingOf({ ...resource, ...acl })))
  }

  async createAcls(acls: readonly AclBinding[]): Promise<void> {
    const creations = acls.map(({ pattern, entry }) => ({
      resourceType: RESOURCE_TYPES[pattern.resourceType],
      resourceName: pattern.name,
      resourcePatternType: PATTERN_TYPES[pattern.patternType],
      principal: entry.principal,
      host: entry.host,
      operation: ACL_OPERATIONS[entry.operation],
      permissionType: PERMISSION_TYPES[entry.permissionType],
    }))
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(CREATE_ACLS_REQUEST, CREATE_ACLS_RESPONSE, { creations })
    })
  }

  async deleteAcls(filters: readonly AclBindingFilter[]): Promise<AclBinding[]> {
    const { filterResults } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      const body = { filters: filters.map(filterCodes) }
      return controller.ask(DELETE_ACLS_REQUEST, DELETE_ACLS_RESPONSE, body)
    })
    return filterResults.flatMap(({ matchingAcls }) => matchingAcls.map(bindingOf))
  }
}

function filterCodes({ pattern, entry }: AclBindingFilter) {
  return {
    resourceTypeFilter: RESOURCE_TYPES[pattern.resourceType],
    resourceNameFilter: pattern.name ?? null,
    patternTypeFilter: PATTERN_TYPES[pattern.patternType],
    principalFilter: entry?.principal ?? null,
    hostFilter: entry?.host ?? null,
    operation: entry === undefined ? ANY : ACL_OPERATIONS[entry.operation],
    permissionType: entry === undefined ? ANY : PERMISSION_TYPES[entry.permissionType],
  }
}
