import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Story } from '../support/cli.ts'
import { freePort, GenuineBroker } from '../support/genuine-kafka.ts'

/** A genuine broker with an authorizer: what a user may not do is told by name, what was granted works, tokens stand for their owner. */
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required'

let story: Story
let broker: GenuineBroker
let sasl: number

beforeAll(async () => {
  story = new Story()
  await story.says('topics --create --topic t')
  const credentials = 'SCRAM-SHA-256=[password=pw]'
  const entity = ['--entity-type', 'users', '--entity-name', 'alice']
  await story.says(['configs', '--alter', ...entity, '--add-config', credentials])
  sasl = await freePort()
  broker = await GenuineBroker.start(story.data, ({ plain, controller }) => [
    `listeners=PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    'sasl.enabled.mechanisms=SCRAM-SHA-256',
    `listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=${SCRAM};`,
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    'delegation.token.secret.key=secret',
  ])
  login('alice', 'username="alice" password="pw"')
})
afterAll(async () => {
  await broker?.stop()
  story.end()
})

function login(name: string, words: string): void {
  const lines = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=SCRAM-SHA-256']
  story.file(`${name}.properties`, [...lines, `sasl.jaas.config=${SCRAM} ${words};`].join('\n'))
}
const as = (name: string, command: string, stdin = '') =>
  story.run(
    `${command} --bootstrap-server 127.0.0.1:${sasl} --command-config ${join(story.dir, `${name}.properties`)}`,
    { stdin },
  )
const asAdmin = (command: string) => story.says(`${command} --bootstrap-server 127.0.0.1:${broker.port}`)

describe('a genuine broker with an authorizer', () => {
  test.each([
    ['topics --create --topic q', 'Create topic q'],
    ['topics --delete --topic t', 'Delete topic t'],
    // Whichever the broker is asked for first.
    ['console-producer --topic t', '(Describe topic t|IdempotentWrite the cluster .*)'],
    ['console-consumer --topic t --timeout-ms 1000', 'Describe topic t'],
    ['consumer-groups --describe --group g', 'Describe group g'],
    [
      'configs --alter --entity-type topics --entity-name t --add-config retention.ms=1',
      'AlterConfigs topic t',
    ],
    ['acls --list', 'Describe the cluster'],
  ])('%s: refused, with who may not do what', async (command, what) => {
    const { status, stdout, stderr } = await as('alice', command, 'x\n')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/uthoriz|permission/)
    const lines = stderr.trimEnd().split('\n')
    const told = new RegExp(`^User:alice may not ${what}; who may alter ACLs grants it: tkafka acls --add `)
    expect(lines.filter((line) => told.test(line))).toHaveLength(1)
  })

  test('what the line proposes is what was missing', async () => {
    const grant = (operation: string) =>
      asAdmin(`acls --add --allow-principal User:alice --operation ${operation} --topic t`)
    await grant('Describe')
    const none = 'console-consumer --topic t --from-beginning --timeout-ms 1000'
    expect((await as('alice', none)).stderr).toContain('User:alice may not Read topic t;')
    await asAdmin('acls --add --allow-principal User:alice --operation IdempotentWrite --cluster')
    expect((await as('alice', 'console-producer --topic t', 'x\n')).stderr).toContain(
      'User:alice may not Write topic t;',
    )
    await grant('Write')
    await grant('Read')
    expect(await as('alice', 'console-producer --topic t', 'x\n')).toMatchObject({ status: 0, stderr: '' })
    const read = 'console-consumer --topic t --from-beginning --max-messages 1 --timeout-ms 20000'
    expect(await as('alice', read)).toMatchObject({ status: 0, stdout: 'x\n' })
    expect((await as('alice', `${read} --group g`)).stderr).toContain('User:alice may not Describe group g;')
    await asAdmin('acls --add --allow-principal User:alice --operation Read --group g')
    expect(await as('alice', `${read} --group g`)).toMatchObject({ status: 0, stdout: 'x\n' })
  })

  test('a token stands for its owner until it expires', async () => {
    const created = await as('alice', 'delegation-tokens --create --max-life-time-period -1 --output json')
    // The broker hears of it from the controller a moment later.
    await vi.waitFor(async () => {
      const described = await as('alice', 'delegation-tokens --describe --output json')
      expect(JSON.parse(described.stdout).data).toEqual(JSON.parse(created.stdout).data)
    }, 20_000)
    const [{ tokenId, hmac }] = JSON.parse(created.stdout).data
    login('token', `username="${tokenId}" password="${hmac}" tokenauth="true"`)
    expect(await as('token', 'topics --list')).toMatchObject({ status: 0, stdout: 't\n', stderr: '' })
    expect((await as('token', 'delegation-tokens --create --max-life-time-period -1')).stderr).toContain(
      'Delegation Token requests are not allowed',
    )
    const renewed = await as('alice', `delegation-tokens --renew --renew-time-period -1 --hmac ${hmac}`)
    expect(renewed.stdout).toContain('Completed renew operation')
    const expired = await as('alice', `delegation-tokens --expire --expiry-time-period -1 --hmac ${hmac}`)
    expect(expired.stdout).toContain('Completed expire operation')
    const { status, stderr } = await as('token', 'topics --list')
    expect(status).toBe(1)
    expect(stderr).toContain('invalid credentials')
    expect(stderr).not.toContain(hmac)
  })
})
