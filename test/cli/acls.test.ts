import { mkdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

const PATTERN = 'ResourcePattern(resourceType=TOPIC, name=a, patternType=LITERAL)'

let story: Story
beforeEach(() => {
  story = new Story()
  mkdirSync(story.data)
  story.file(
    'data/server.properties',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n',
  )
})
afterEach(() => story.end())

describe('acls', () => {
  test('entries are added once, listed and removed', async () => {
    const add = 'acls --add --allow-principal User:alice --operation Read --topic a'
    const entry = '(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)'
    expect(await story.says(add)).toBe(`Adding ACLs for resource \`${PATTERN}\`: \n \t${entry}\n\n`)
    expect(await story.says(add)).toBe(`Acl (pattern=${PATTERN}, entry=${entry}) already exists.\n`)
    expect(await story.says('acls --list')).toBe(`Current ACLs for resource \`${PATTERN}\`:\n\t${entry}\n\n`)
    expect(await story.says('acls --list --principal User:bob')).toBe('ACLs for principal `User:bob`\n')
    await story.says('acls --remove --topic a --force')
    expect(await story.says('acls --list')).toBe('')
  })

  test('a prefixed pattern is found by match, not by its literal name', async () => {
    await story.says(
      'acls --add --deny-principal User:bob --operation Read --topic pre --resource-pattern-type prefixed',
    )
    expect(await story.says('acls --list --topic prefix --resource-pattern-type match')).toContain('name=pre')
    expect(await story.says('acls --list --topic pre')).toBe('')
  })

  test('producer and consumer stand for what they need', async () => {
    await story.says(
      'acls --add --allow-principal User:a --producer --consumer --topic a --group g --idempotent',
    )
    const rows = (await story.says('acls --list --output jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map((row) => `${row.resourceType} ${row.operation}`)
    // --idempotent names the cluster as a resource, but --producer alone gives it an entry.
    expect(rows.sort()).toEqual([
      'CLUSTER IDEMPOTENT_WRITE',
      'GROUP READ',
      'TOPIC CREATE',
      'TOPIC DESCRIBE',
      'TOPIC READ',
      'TOPIC WRITE',
    ])
  })

  test('a removal is asked about; a piped answer counts, no answer changes nothing', async () => {
    await story.says('acls --add --allow-principal User:alice --operation Read --topic a')
    const none = await story.run('acls --remove --topic a')
    expect(none.status).toBe(1)
    expect(none.stderr).toContain('--force')
    expect((await story.run('acls --remove --topic a', { stdin: 'n\n' })).status).toBe(0)
    expect(await story.says('acls --list')).toContain('User:alice')
    await story.run('acls --remove --topic a', { stdin: 'y\n' })
    expect(await story.says('acls --list')).toBe('')
  })

  test('without an authorizer every action is refused, and no directory is made', async () => {
    const other = new Story()
    try {
      // What cures it stands behind Kafka's own line (F8).
      expect(await other.fails('acls --list')).toMatch(
        /^Error while executing ACL command: No Authorizer is configured on the broker\nSay in .*server\.properties which one: authorizer\.class\.name=/,
      )
      expect(await other.fails('acls --remove --topic a --force')).toContain(
        'Error while executing ACL command: No Authorizer is configured.\n',
      )
      expect(await other.says('status')).toContain('not there yet')
    } finally {
      other.end()
    }
  })

  test('operations that a resource does not know, and half-named principals, are refused', async () => {
    expect(await story.fails('acls --add --allow-principal User:a --operation Fly --topic a')).toMatch(
      /^ResourceType TOPIC only supports operations \[ALL, ALTER, /,
    )
    expect(await story.fails('acls --add --allow-principal a --operation Read --topic a')).toBe(
      'Error while executing ACL command: expected a string in format principalType:principalName but got a\n',
    )
  })
})
