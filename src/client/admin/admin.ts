/** The Admin interface that tools are written against, put together from one interface per subject. */
import type { AclAdmin } from './acl-admin.ts'
import type { CheckAdmin } from './check-admin.ts'
import type { CleaningAdmin } from './cleaning-admin.ts'
import type { ClusterAdmin } from './cluster-admin.ts'
import type { ConfigAdmin } from './config-admin.ts'
import type { GroupAdmin } from './group-admin.ts'
import type { NodeAdmin } from './node-admin.ts'
import type { OffsetAdmin } from './offset-admin.ts'
import type { ReassignmentAdmin } from './reassignment-admin.ts'
import type { ReplicaAdmin } from './replica-admin.ts'
import type { ShareGroupAdmin } from './share-group-admin.ts'
import type { StreamsGroupAdmin } from './streams-group-admin.ts'
import type { TokenAdmin } from './token-admin.ts'
import type { TopicAdmin } from './topic-admin.ts'
import type { TransactionAdmin } from './transaction-admin.ts'

/**
 * Administration, under the names of Kafka's Admin client. Errors are KafkaErrors with Kafka's own texts, so that a
 * tool prints what the genuine tool prints. Grouped by what it is about; each group has its own interface.
 */
export interface Admin
  extends TopicAdmin,
    ConfigAdmin,
    OffsetAdmin,
    GroupAdmin,
    ClusterAdmin,
    AclAdmin,
    NodeAdmin,
    ReassignmentAdmin,
    ReplicaAdmin,
    ShareGroupAdmin,
    StreamsGroupAdmin,
    TokenAdmin,
    TransactionAdmin,
    CheckAdmin,
    CleaningAdmin {
  close(): Promise<void>
}
