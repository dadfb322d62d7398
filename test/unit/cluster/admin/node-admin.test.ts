import { describe, expect, test } from 'vitest'
import {
  ALTER_PARTITION_REASSIGNMENTS_REQUEST,
  ALTER_PARTITION_REASSIGNMENTS_RESPONSE,
  DESCRIBE_CLUSTER_REQUEST,
  DESCRIBE_CLUSTER_RESPONSE,
  DESCRIBE_CONFIGS_REQUEST,
  DESCRIBE_CONFIGS_RESPONSE,
  DESCRIBE_LOG_DIRS_REQUEST,
  DESCRIBE_LOG_DIRS_RESPONSE,
  METADATA_REQUEST,
  UNREGISTER_BROKER_REQUEST,
  UNREGISTER_BROKER_RESPONSE,
  WRITE_TXN_MARKERS_REQUEST,
  WRITE_TXN_MARKERS_RESPONSE,
} from '../../../../src/message/generated/requests.ts'
import { fakeCluster } from '../../../support/fake-cluster.ts'

describe('what the nodes of a cluster are asked (issue 14)', () => {
  test('settings of a broker come from that broker, all others in one request from any', async () => {
    const { brokers, admin } = fakeCluster(2)
    for (const broker of brokers) {
      broker.on(DESCRIBE_CONFIGS_REQUEST, DESCRIBE_CONFIGS_RESPONSE, ({ resources }) => ({
        throttleTimeMs: 0,
        results: resources.map(({ resourceType, resourceName }) => ({
          errorCode: 0,
          errorMessage: null,
          resourceType,
          resourceName,
          configs: [
            {
              name: `of ${resourceName}`,
              value: String(broker.nodeId),
              readOnly: false,
              configSource: 5,
              isSensitive: false,
              synonyms: [],
            },
          ],
        })),
      }))
    }
    const topic = (name: string) => ({ type: 'topic', name }) as const
    const described = await admin.describeConfigsOf([topic('a'), { type: 'broker', name: '2' }, topic('b')])
    expect(described.map(([{ name, source }]) => `${name} ${source}`)).toEqual([
      'of a DEFAULT_CONFIG',
      'of 2 DEFAULT_CONFIG',
      'of b DEFAULT_CONFIG',
    ])
    expect(described[1][0].value).toBe('2')
    expect(brokers.map((broker) => broker.count(DESCRIBE_CONFIGS_REQUEST))).toEqual([1, 1])
    await admin.close()
  })

  test('log directories come from every broker; one that failed says why', async () => {
    const { brokers, admin } = fakeCluster(2)
    for (const { nodeId } of brokers) {
      brokers[nodeId - 1].on(DESCRIBE_LOG_DIRS_REQUEST, DESCRIBE_LOG_DIRS_RESPONSE, () => ({
        throttleTimeMs: 0,
        errorCode: 0,
        results: [{ errorCode: nodeId === 2 ? 56 : 0, logDir: `/d${nodeId}`, topics: [] }],
      }))
    }
    expect(await admin.describeLogDirs()).toMatchObject([
      { broker: 1, logDir: '/d1', error: undefined },
      { broker: 2, logDir: '/d2', error: { code: 'KAFKA_STORAGE_ERROR' } },
    ])
    await admin.close()
  })

  test('controllers are asked who they are, as they answer no metadata request', async () => {
    const { brokers, admin } = fakeCluster(2, () => ({}), true)
    for (const broker of brokers) {
      broker.versions.set(METADATA_REQUEST.apiKey, -1)
      broker.on(DESCRIBE_CLUSTER_REQUEST, DESCRIBE_CLUSTER_RESPONSE, ({ endpointType }) => ({
        throttleTimeMs: 0,
        errorCode: 0,
        errorMessage: null,
        endpointType,
        clusterId: 'fake',
        controllerId: 2,
        brokers: brokers.map(({ nodeId, host, port }) => ({ brokerId: nodeId, host, port, rack: null })),
        clusterAuthorizedOperations: 0,
      }))
    }
    brokers[1].on(UNREGISTER_BROKER_REQUEST, UNREGISTER_BROKER_RESPONSE, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
    }))
    await admin.unregisterBroker(7)
    expect(brokers[0].seen.find(({ name }) => name === 'DescribeClusterRequest')?.body).toMatchObject({
      endpointType: 2,
    })
    expect(brokers[1].count(UNREGISTER_BROKER_REQUEST)).toBe(1)
    expect(brokers[0].count(METADATA_REQUEST)).toBe(0)
    await admin.close()
  })

  test('a broker that is not registered is told at once', async () => {
    const { brokers, admin, clock } = fakeCluster(1)
    brokers[0].on(UNREGISTER_BROKER_REQUEST, UNREGISTER_BROKER_RESPONSE, () => ({
      throttleTimeMs: 0,
      errorCode: 102,
      errorMessage: 'Broker ID 7 is not currently registered',
    }))
    await expect(admin.unregisterBroker(7)).rejects.toThrow('Broker ID 7 is not currently registered')
    expect(clock.slept).toBe(0)
    await admin.close()
  })

  test('reassignments have one answer a partition; one that the controller left out has failed', async () => {
    const { brokers, admin } = fakeCluster(1)
    brokers[0].on(ALTER_PARTITION_REASSIGNMENTS_REQUEST, ALTER_PARTITION_REASSIGNMENTS_RESPONSE, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      errorMessage: null,
      responses: [
        {
          name: 'a',
          partitions: [
            { partitionIndex: 0, errorCode: 0, errorMessage: null },
            { partitionIndex: 1, errorCode: 85, errorMessage: 'nothing there' },
          ],
        },
      ],
    }))
    const change = (partition: number) => ({ topic: 'a', partition, replicas: null })
    const errors = await admin.alterPartitionReassignments([change(0), change(1), change(2)])
    expect(errors).toMatchObject([
      undefined,
      { code: 'NO_REASSIGNMENT_IN_PROGRESS', message: 'nothing there' },
      { code: 'UNKNOWN_SERVER_ERROR' },
    ])
    await admin.close()
  })

  test('an aborted transaction answers with nothing, and a fenced one with the words of Kafka', async () => {
    const { brokers, admin } = fakeCluster(1, () => ({ a: [1] }))
    let errorCode = 0
    brokers[0].on(WRITE_TXN_MARKERS_REQUEST, WRITE_TXN_MARKERS_RESPONSE, ({ markers }) => ({
      markers: markers.map(({ producerId, topics }) => ({
        producerId,
        topics: topics.map(({ name }) => ({ name, partitions: [{ partitionIndex: 0, errorCode }] })),
      })),
    }))
    const spec = {
      partition: { topic: 'a', partition: 0 },
      producerId: 9,
      producerEpoch: 1,
      coordinatorEpoch: 2,
    }
    await admin.abortTransaction(spec)
    errorCode = 52
    await expect(admin.abortTransaction(spec)).rejects.toThrow(
      'failed since the provided coordinator epoch 2 has been fenced by the active coordinator',
    )
    await admin.close()
  })

  test('what works on files is refused in one line', async () => {
    const { admin } = fakeCluster(1)
    await expect(admin.repair({ dryRun: true, done: () => {}, left: () => {} })).rejects.toThrow(
      'a cluster keeps its files to itself',
    )
    await expect(admin.clean()[Symbol.asyncIterator]().next()).rejects.toThrow(
      'a cluster keeps its files to itself',
    )
    await admin.close()
  })
})
