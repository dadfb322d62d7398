import { expect, test } from 'vitest'
import { LocalReassignments } from '../../../../src/local/admin/reassignment-admin.ts'
import type { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'

const partitions = [[1, 2], [1, 2], [1]].map((replicas, partition) => ({ partition, replicas }))
const directory = {
  path: '/d',
  folder: (name: string) => `/d/${name}`,
  image: () => ({
    topics: () => ['a'],
    topic: (name: string) => (name === 'a' ? { partitions } : undefined),
  }),
} as unknown as LocalDirectory

test('a plan that changes the number of replicas is told by partition, in the words of a controller (issue 12, item 4)', async () => {
  const planned = [[2, 1], [1], [1, 2]].map((replicas, partition) => ({ topic: 'a', partition, replicas }))
  const errors = await new LocalReassignments(directory).alterPartitionReassignments(planned, false)
  expect(errors.map((error) => error?.message)).toEqual([
    undefined,
    'The replication factor is changed from 2 to 1',
    'The replication factor is changed from 1 to 2',
  ])
})

test('a log directory is right only where the replica is: a directory moves nothing', async () => {
  const move = { topic: 'a', partition: 0, broker: 1 }
  const errors = await new LocalReassignments(directory).alterReplicaLogDirs([
    { ...move, logDir: '/d' },
    { ...move, logDir: '/other' },
  ])
  expect(errors.map((error) => error?.message)).toEqual([
    undefined,
    '/other is not the data directory /d, the only one',
  ])
})
