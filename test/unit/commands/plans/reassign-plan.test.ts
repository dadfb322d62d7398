import { expect, test } from 'vitest'
import { replicationFactorChanges } from '../../../../src/commands/plans/reassign-plan.ts'

const partition = (index: number, ...replicas: number[]) => ({
  topic: 'a',
  partition: index,
  replicas,
  logDirs: undefined,
})

test('a plan that changes the number of replicas is told by partition, in the words of a controller (issue 12, item 4)', () => {
  const current = [partition(0, 1, 2), partition(1, 1, 2), partition(2, 1)]
  const planned = [partition(0, 2, 1), partition(1, 1), partition(2, 1, 2)]
  expect(replicationFactorChanges(current, planned)).toEqual([
    'a-1: The replication factor is changed from 2 to 1',
    'a-2: The replication factor is changed from 1 to 2',
  ])
})
