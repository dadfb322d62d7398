import { describe, expect, test } from 'vitest'
import { refusalLines } from '../../../../src/cluster/connection/refusals.ts'

describe('what an answer refuses', () => {
  test.each([
    [
      'a topic, by the part that names it',
      'CreateTopicsRequest',
      {},
      {
        topics: [
          { name: 'a', errorCode: 29 },
          { name: 'b', errorCode: 0 },
        ],
      },
      [
        'User:alice may not Create topic a; who may alter ACLs grants it: tkafka acls --add --allow-principal User:alice --operation Create --topic a',
      ],
    ],
    [
      'a topic, by the part around its partitions',
      'ListOffsetsRequest',
      {},
      {
        topics: [
          {
            name: 'a',
            partitions: [
              { partitionIndex: 0, errorCode: 29 },
              { partitionIndex: 1, errorCode: 29 },
            ],
          },
        ],
      },
      [expect.stringMatching(/^User:alice may not Describe topic a;/)],
    ],
    [
      'a group, by what was asked',
      'JoinGroupRequest',
      { groupId: 'g' },
      { errorCode: 30 },
      [expect.stringMatching(/^User:alice may not Read group g;.* --operation Read --group g$/)],
    ],
    [
      'the cluster, which has no name',
      'CreateAclsRequest',
      {},
      { results: [{ errorCode: 31 }] },
      [expect.stringMatching(/^User:alice may not Alter the cluster;.* --operation Alter --cluster$/)],
    ],
    [
      'a transactional id',
      'InitProducerIdRequest',
      { transactionalId: 't' },
      { errorCode: 53 },
      [expect.stringMatching(/^User:alice may not Write transactional id t;.* --transactional-id t$/)],
    ],
    [
      'nothing where all went well, or something else went wrong',
      'MetadataRequest',
      {},
      { topics: [{ name: 'a', errorCode: 3 }] },
      [],
    ],
  ])('%s', (_title, request, body, answer, lines) => {
    expect(refusalLines(request, body, answer, 'User:alice')).toEqual(lines)
  })

  test('who asks by a token is not named', () => {
    expect(
      refusalLines('CreateTopicsRequest', {}, { topics: [{ name: 'a', errorCode: 29 }] }, undefined),
    ).toEqual([expect.stringMatching(/^who asks here may not Create topic a;.*--allow-principal User:NAME /)])
  })
})
