/** Streams groups of a cluster. */
import type { GroupState } from '../../client/admin/group-admin.ts'
import type {
  StreamsGroupAdmin,
  StreamsGroupDescription,
  StreamsTask,
  StreamsTasks,
} from '../../client/admin/streams-group-admin.ts'
import {
  DELETE_GROUPS_REQUEST,
  DELETE_GROUPS_RESPONSE,
  STREAMS_GROUP_DESCRIBE_REQUEST,
  STREAMS_GROUP_DESCRIBE_RESPONSE,
} from '../../message/generated/requests.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { askCoordinator } from '../coordinators.ts'

export class ClusterStreamsGroups implements StreamsGroupAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeStreamsGroup(groupId: string): Promise<StreamsGroupDescription> {
    return askCoordinator(this.#client, 'group', groupId, async (coordinator, id) => {
      const { groups } = await coordinator.ask(
        STREAMS_GROUP_DESCRIBE_REQUEST,
        STREAMS_GROUP_DESCRIBE_RESPONSE,
        { groupIds: [groupId], includeAuthorizedOperations: false },
      )
      const [group] = groups
      const subtopologies = group.topology?.subtopologies ?? []
      return {
        groupEpoch: group.groupEpoch,
        targetAssignmentEpoch: group.assignmentEpoch,
        topologyEpoch: group.topology?.epoch ?? 0,
        sourceTopics: [...new Set(subtopologies.flatMap(({ sourceTopics }) => sourceTopics))].sort(),
        state: group.groupState as GroupState,
        coordinator: (await this.#client.brokers()).get(id),
        members: group.members.map((member) => ({
          memberId: member.memberId,
          memberEpoch: member.memberEpoch,
          processId: member.processId,
          clientId: member.clientId,
          host: member.clientHost,
          isClassic: member.isClassic,
          assignment: tasksOf(member.assignment),
          targetAssignment: tasksOf(member.targetAssignment),
        })),
      }
    })
  }

  async deleteStreamsGroup(groupId: string): Promise<void> {
    await askCoordinator(this.#client, 'group', groupId, (coordinator) =>
      coordinator.ask(DELETE_GROUPS_REQUEST, DELETE_GROUPS_RESPONSE, { groupsNames: [groupId] }),
    )
  }
}

interface Tasks {
  readonly activeTasks: readonly StreamsTask[]
  readonly standbyTasks: readonly StreamsTask[]
  readonly warmupTasks: readonly StreamsTask[]
}

function tasksOf({ activeTasks, standbyTasks, warmupTasks }: Tasks): StreamsTasks {
  return { active: activeTasks, standby: standbyTasks, warmup: warmupTasks }
}
