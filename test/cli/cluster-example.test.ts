import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { METADATA_REQUEST, METADATA_RESPONSE } from '../../src/message/generated/requests.ts'
import { FakeListeners } from '../support/fake-listener.ts'
import { ownClock } from '../support/test-clock.ts'

/** Programs that README.md and the page of the cluster show, as a reader pastes them; test/kafka/readme.test.ts has a genuine broker. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const ADDRESS = 'broker1:9092'
const listeners = new FakeListeners()
let dir: string

beforeAll(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-example-'))
  fs.mkdirSync(path.join(dir, 'node_modules'))
  fs.symlinkSync(root, path.join(dir, 'node_modules/tkafka'))
})
afterAll(() => {
  listeners.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

const examples = ['README.md', 'docs/cluster.md'].flatMap((page) =>
  [...fs.readFileSync(path.join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => [page, code] as const)
    .filter(([, code]) => code.includes('openCluster(')),
)

test('there is an example of openCluster', () => {
  expect(examples.length).toBeGreaterThan(0)
})

test.each(examples)('the example of openCluster in %s tells of the cluster’s topics', async (_page, code) => {
  const broker = await listeners.broker()
  const brokers = [{ nodeId: 1, host: '127.0.0.1', port: broker.port, rack: null }]
  const topics = [{ errorCode: 0, name: 'orders', isInternal: false, partitions: [] }]
  broker.on(METADATA_REQUEST, METADATA_RESPONSE, () => ({ brokers, topics, clusterId: 'c', controllerId: 1 }))
  expect(code).toContain(ADDRESS)
  fs.writeFileSync(path.join(dir, 'example.mjs'), code.replace(ADDRESS, `127.0.0.1:${broker.port}`))
  const env = { HOME: dir, ...ownClock().env }
  const options = { cwd: dir, env, extendEnv: false, reject: false }
  const { stdout, stderr, exitCode } = await execa(process.execPath, ['example.mjs'], options)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('orders')
})
