/** A cluster of fake brokers that know each other, and an Admin client on it. */
import { kafkaAdminClient } from '../../src/cluster/admin/kafka-admin-client.ts'
import { ClusterClient } from '../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../src/cluster/cluster-settings.ts'
import { METADATA_REQUEST, METADATA_RESPONSE } from '../../src/message/generated/requests.ts'
import { FakeBroker, FakeSockets } from './fake-broker.ts'
import { FakeClock } from './fake-clock.ts'

/** By topic: the leader of each partition; -1 is none. */
export type Leaders = Readonly<Record<string, readonly number[]>>

export function fakeCluster(count: number, leaders: () => Leaders = () => ({}), toControllers = false) {
  const brokers = Array.from({ length: count }, (_, i) => new FakeBroker(i + 1))
  for (const broker of brokers) {
    broker.on(METADATA_REQUEST, METADATA_RESPONSE, ({ topics }) => {
      const known = leaders()
      const names = topics === null ? Object.keys(known) : topics.map(({ name }) => name ?? '')
      return {
        throttleTimeMs: 0,
        brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
        clusterId: 'fake',
        controllerId: 1,
        topics: names.map((name) => ({
          errorCode: known[name] === undefined ? 3 : 0,
          name,
          isInternal: false,
          partitions: (known[name] ?? []).map((leaderId, partitionIndex) => ({
            errorCode: 0,
            partitionIndex,
            leaderId,
            leaderEpoch: 0,
            replicaNodes: [1],
            isrNodes: [1],
            offlineReplicas: [],
          })),
        })),
      }
    })
  }
  const clock = new FakeClock()
  const { host, port } = brokers[0]
  const settings = clusterSettings(
    [{ host, port }],
    {},
    { clientId: 'test', apiTimeoutMs: 5000, toControllers },
  )
  const client = new ClusterClient({ sockets: new FakeSockets(...brokers), clock }, settings)
  return { brokers, clock, client, admin: kafkaAdminClient(client) }
}
