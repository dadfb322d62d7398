/** Administration of access control entries. */
import type { AclBinding, AclBindingFilter } from './acl.ts'

/** Every call throws SECURITY_DISABLED where no authorizer is configured. */
export interface AclAdmin {
  /** In the order in which they were stored. */
  describeAcls(filter: AclBindingFilter): Promise<AclBinding[]>
  /** One that is there already is left as it is. */
  createAcls(acls: readonly AclBinding[]): Promise<void>
  /** Returns what was removed. */
  deleteAcls(filters: readonly AclBindingFilter[]): Promise<AclBinding[]>
}
