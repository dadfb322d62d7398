import { mkdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
  mkdirSync(story.data)
  story.file('client.properties', 'security.protocol=PLAINTEXT\n')
})
afterEach(() => story.end())

const DESCRIBE = 'delegation-tokens --describe --command-config client.properties'
const TIME = 1_700_000_000_000

async function store(tokenId: string, owner: string): Promise<void> {
  const directory = LocalDirectory.open(systemOs, story.data)
  await directory.alter(() => [
    {
      type: 'DelegationTokenRecord',
      owner,
      requester: owner,
      renewers: ['User:carol'],
      issueTimestamp: TIME,
      maxTimestamp: TIME + 2,
      expirationTimestamp: TIME + 1,
      tokenId,
    },
  ])
  await directory.close()
}

test('tokens that stand in the directory are shown, with the HMAC that the secret makes', async () => {
  story.file('data/server.properties', 'delegation.token.secret.key=abc\n')
  await store('t1', 'User:alice')
  await store('t2', 'User:bob')
  const text = await story.says(DESCRIBE)
  expect(text).toContain('Total number of tokens : 2\nTOKENID ')
  const rows = (await story.says(`${DESCRIBE} --output jsonl --owner-principal User:bob`)).split('\n')
  const row = JSON.parse(rows.find((line) => line.startsWith('{')) ?? '')
  expect(row).toMatchObject({
    tokenId: 't2',
    owner: 'User:bob',
    renewers: ['User:carol'],
    expiryTimestamp: TIME + 1,
  })
  // echo -n t2 | openssl dgst -sha512 -hmac abc -binary | base64
  expect(row.hmac).toBe(
    'GgA3V/hd9HCsnmtgsjF0kPpttsmq1Y33+9hJbE1wQNbMo3XMJNaFcCeaR8ib/yJPgPSUXfsGsBy3CfLfJXQJOg==',
  )
})

test('without tokens, and for all that changes them, the refusal of a plaintext channel', async () => {
  const refusal = /Delegation Token requests are not allowed on PLAINTEXT/
  expect((await story.run(DESCRIBE)).stderr).toMatch(refusal)
  await store('t1', 'User:alice')
  const expire =
    'delegation-tokens --expire --hmac YWJj --expiry-time-period -1 --command-config client.properties'
  expect((await story.run(expire)).stderr).toMatch(refusal)
})
