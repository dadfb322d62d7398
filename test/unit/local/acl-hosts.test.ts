import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { unpackFixture } from '../../support/fixtures.ts'
import { withAdmin } from '../../support/library.ts'

const fixture = unpackFixture('metadata-4.4')
const older = mkdtempSync(join(tmpdir(), 'tkafka-acls-'))
afterAll(() => {
  fixture.remove()
  rmSync(older, { recursive: true })
})
for (const dir of [fixture.dir, older])
  writeFileSync(
    join(dir, 'server.properties'),
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n',
  )

const add = (dir: string, host: string) =>
  withAdmin(dir, (admin) =>
    admin.createAcls([
      {
        pattern: { resourceType: 'TOPIC', name: 't', patternType: 'LITERAL' },
        entry: { principal: 'User:a', host, operation: 'READ', permissionType: 'ALLOW' },
      },
    ]),
  )

describe('the host of an access control entry (issue 13, 1)', () => {
  it.each(['10.0.0.0/8', 'fe80::/10', 'host.name', '*'])('%s is taken at the level of 4.4', async (host) => {
    await add(fixture.dir, host)
    const listed = await withAdmin(fixture.dir, (admin) =>
      admin.describeAcls({
        pattern: { resourceType: 'TOPIC', name: 't', patternType: 'LITERAL' },
        entry: undefined,
      }),
    )
    expect(listed.map(({ entry }) => entry.host)).toContain(host)
  })

  it.each([
    ['', 'Host pattern cannot be null or empty'],
    ['10.0.0.0/33', "Invalid CIDR notation '10.0.0.0/33': Value [33] not in range [0,32]"],
    ['10.0.0/8', "Invalid CIDR notation '10.0.0/8': Could not parse [10.0.0/8]"],
    ['300.0.0.0/8', "Invalid CIDR notation '300.0.0.0/8': Value [300] not in range [0,255]"],
    [
      'fe80::/129',
      "Invalid CIDR notation 'fe80::/129': Could not parse [fe80::/129] - prefix length must be between 0 and 128",
    ],
    ['x:/3', "Invalid CIDR notation 'x:/3': Could not parse [x:]"],
    ['a/b', "Invalid CIDR notation 'a/b': Could not parse [a/b]"],
  ])('%j is refused there in the words of Kafka 4.4.0', async (host, problem) => {
    await expect(add(fixture.dir, host)).rejects.toThrow(problem)
  })

  it('a prefix is refused where the level is below 4.4-IV1', async () => {
    await expect(add(older, '10.0.0.0/8')).rejects.toThrow(
      'CIDR-based ACL host patterns require metadata version 4.4-IV1 or higher.',
    )
  })
})
