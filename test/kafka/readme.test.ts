import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLocal } from '../../src/index.ts'
import { GenuineBroker } from '../support/genuine-kafka.ts'

/** The README's program, which is for a directory, on a genuine broker: nothing changes but how Kafka is opened. */
const root = fileURLToPath(new URL('../..', import.meta.url))
let dir: string
let broker: GenuineBroker

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-readme-'))
  const data = path.join(dir, 'data')
  const admin = await openLocal(data).admin()
  await admin.createTopic({ name: 'of-the-directory' })
  await admin.close()
  broker = await GenuineBroker.start(data)
})
afterAll(async () => {
  await broker?.stop()
  fs.rmSync(dir, { recursive: true, force: true })
})

test('the example of a Node program, with openCluster, twice', () => {
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('\n## From a Node program\n'))
  const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
  const opened = "openLocal('./my-kafka')"
  expect(code).toContain(opened)
  const cluster = `openCluster({ 'bootstrap.servers': '127.0.0.1:${broker.port}' })`
  const program = code.replace(opened, cluster).replace('import { openLocal }', 'import { openCluster }')
  fs.mkdirSync(path.join(dir, 'node_modules'))
  fs.symlinkSync(root, path.join(dir, 'node_modules/tkafka'))
  fs.writeFileSync(path.join(dir, 'example.mjs'), program)
  const run = () => execFileSync(process.execPath, ['example.mjs'], { cwd: dir, encoding: 'utf8' })
  expect(run()).toMatch(/^[0-2] 0 anna one coffee\n$/)
  expect(run()).toMatch(/^[0-2] 1 anna one coffee\n$/)
})
