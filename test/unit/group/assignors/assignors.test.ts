import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { MemberSubscription } from '../../../../src/group/assignors/assignment-types.ts'
import {
  ASSIGNORS,
  type AssignorName,
  assignorNames,
  chooseAssignor,
  rangeAssign,
} from '../../../../src/group/assignors/assignors.ts'
import { stickyAssign } from '../../../../src/group/assignors/sticky-assignor.ts'

/** Made by Kafka 4.3.1's own classes from random subscriptions. */
interface Vector {
  readonly assignor: AssignorName
  readonly counts: Record<string, number>
  readonly members: readonly (Omit<MemberSubscription, 'owned'> & { owned?: string[] })[]
  readonly assignment: Record<string, string[]>
}

const vectors = JSON.parse(
  readFileSync(new URL('./assignor-vectors.json', import.meta.url), 'utf8'),
) as Vector[]

function partition(text: string) {
  const colon = text.lastIndexOf(':')
  return { topic: text.slice(0, colon), partition: Number(text.slice(colon + 1)) }
}

function assigned({ assignor, counts, members }: Vector): Record<string, string[]> {
  const subscriptions = members.map((member) => ({ ...member, owned: member.owned?.map(partition) }))
  const assignment = ASSIGNORS[assignor](subscriptions, new Map(Object.entries(counts)))
  return Object.fromEntries(
    [...assignment].map(([id, tps]) => [id, tps.map((tp) => `${tp.topic}:${tp.partition}`).sort()]),
  )
}

describe('assignors', () => {
  test.each(['range', 'roundrobin', 'sticky'])('%s gives what the genuine class gives', (name) => {
    const chosen = vectors.filter((vector) => vector.assignor === name)
    expect(chosen.length).toBeGreaterThan(10)
    for (const vector of chosen) {
      const wanted = Object.fromEntries(
        Object.entries(vector.assignment).map(([id, tps]) => [id, [...tps].sort()]),
      )
      expect(assigned(vector)).toEqual(wanted)
    }
  })

  test('the order in which members are known does not change the range', () => {
    const members = ['c', 'a', 'b'].map((memberId) => ({ memberId, topics: ['t'] }))
    const counts = new Map([['t', 5]])
    expect(rangeAssign(members, counts).get('a')).toHaveLength(2)
    expect(rangeAssign([...members].reverse(), counts).get('c')).toEqual(
      rangeAssign(members, counts).get('c'),
    )
  })

  test('a member that leaves costs the others of a sticky group nothing that they had', () => {
    const counts = new Map([['t', 12]])
    const members = ['a', 'b', 'c', 'd'].map((memberId) => ({ memberId, topics: ['t'] }))
    const before = stickyAssign(members, counts)
    const after = stickyAssign(
      members.slice(1).map((member) => ({ ...member, owned: before.get(member.memberId) })),
      counts,
    )
    for (const id of ['b', 'c', 'd'])
      expect(after.get(id)).toEqual(expect.arrayContaining(before.get(id) as object[]))
    expect([...after.values()].map((tps) => tps.length)).toEqual([4, 4, 4])
  })

  test('strategies are named by class or by name', () => {
    expect(assignorNames(['org.apache.kafka.clients.consumer.StickyAssignor', ' roundrobin'])).toEqual([
      'sticky',
      'roundrobin',
    ])
    expect(() => assignorNames(['com.example.Mine'])).toThrow(/com\.example\.Mine/)
  })

  test('a group uses what all its members support and most like best', () => {
    expect(chooseAssignor([['range', 'sticky'], ['sticky', 'range'], ['sticky']])).toBe('sticky')
    expect(chooseAssignor([['range', 'cooperative-sticky'], ['range']])).toBe('range')
    expect(() => chooseAssignor([['range'], ['sticky']])).toThrow(/supported protocols are incompatible/)
  })
})
