import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

const ID = 'bbbbbbbbbbbbbbbbbbbbbA'
const CONFIG = `process.roles=broker,controller
node.id=3
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
`

let story: Story
beforeEach(() => {
  story = new Story()
  story.file(
    'static.properties',
    `${CONFIG}controller.quorum.voters=3@localhost:9093\nlog.dirs=${story.data}\n`,
  )
  story.file(
    'dynamic.properties',
    `${CONFIG}controller.quorum.bootstrap.servers=localhost:9093\nlog.dirs=${story.data}\n`,
  )
})
afterEach(() => story.end())

describe('storage', () => {
  test('a formatted directory is the one of the file, and is worked on at once', async () => {
    expect(await story.says(`storage format -c {DIR}/static.properties -t ${ID}`)).toContain(
      `Formatting metadata directory ${story.data} with metadata.version 4.4-IV2.\n`,
    )
    expect(await story.says('cluster cluster-id')).toBe(`Cluster ID: ${ID}\n`)
    await story.says('topics --create --topic q')
    expect(await story.says('storage info -c {DIR}/static.properties')).toContain(`cluster.id=${ID}`)
    expect(await story.fails(`storage format -c {DIR}/static.properties -t ${ID}`)).toContain(
      'is already formatted. Use --ignore-formatted',
    )
    expect(
      await story.fails('storage format -c {DIR}/static.properties -t cccccccccccccccccccccA -g'),
    ).toContain(`Expected cccccccccccccccccccccA, but read ${ID}`)
  })

  test('a release decides the features', async () => {
    await story.says(`storage format -c {DIR}/static.properties -t ${ID} -r 4.0`)
    const features = await story.says('features describe --output jsonl')
    const levels = Object.fromEntries(
      features
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map((row) => [row.feature, row.finalizedVersionLevel]),
    )
    expect(levels).toMatchObject({ 'metadata.version': 25, 'share.version': 0, 'transaction.version': 2 })
  })

  test('a dynamic quorum keeps its voter, and the boot properties follow it', async () => {
    expect(await story.fails(`storage format -c {DIR}/dynamic.properties -t ${ID}`)).toContain('--standalone')
    await story.says(`storage format -c {DIR}/dynamic.properties -t ${ID} -s`)
    await story.says('topics --create --topic q')
    const status = await story.says('metadata-quorum describe --status')
    expect(status).toMatch(/"directoryId": "[\w-]{22}", "endpoints": \["CONTROLLER:\/\/localhost:9093"\]/)
    const properties = await story.says('storage server-properties')
    expect(properties).toContain('\ncontroller.quorum.bootstrap.servers=localhost:9093\n')
    expect(properties).not.toContain('controller.quorum.voters')
  })

  test('a node among several has no metadata of its own, and makes none', async () => {
    const several = CONFIG + `controller.quorum.voters=3@a:9093,4@b:9093\nlog.dirs=${story.data}\n`
    story.file('several.properties', several)
    story.file('stranger.properties', several.replace('node.id=3', 'node.id=5'))
    story.file('broker.properties', several.replace('broker,controller', 'broker'))
    for (const [file, must] of [
      ['stranger', 'must'],
      ['broker', 'must not'],
    ]) {
      expect(await story.fails(`storage format -c {DIR}/${file}.properties -t ${ID}`)).toMatch(
        new RegExp(`the node id . ${must} be included in the set of voters .*=Set\\(3, 4\\)$`, 'm'),
      )
    }
    await story.says(`storage format -c {DIR}/several.properties -t ${ID}`)
    expect(fs.readdirSync(path.join(story.data, '__cluster_metadata-0'))).toEqual(['quorum-state'])
    expect(await story.fails('topics --create --topic q')).toContain('one of several')
    expect(fs.readdirSync(path.join(story.data, '__cluster_metadata-0'))).toEqual(['quorum-state'])
  })

  test('a directory with something else in it is left alone', async () => {
    fs.mkdirSync(story.data)
    fs.writeFileSync(path.join(story.data, 'holiday.jpg'), '')
    const { stderr, status } = await story.run(`storage format -c {DIR}/static.properties -t ${ID}`)
    expect(status).toBe(1)
    expect(stderr).toContain('(it has holiday.jpg); nothing was formatted')
    expect(fs.readdirSync(story.data)).toEqual(['holiday.jpg'])
  })

  test('boot properties take what the owner set, and need a directory', async () => {
    expect(await story.fails('storage server-properties')).toContain('there is no log directory yet')
    await story.says('topics --create --topic q')
    story.file('data/server.properties', 'num.partitions=7\n')
    const properties = await story.says('storage server-properties')
    expect(properties).toContain('\nnum.partitions=7\n')
    expect(properties).toContain('\ncontroller.quorum.voters=1@localhost:9093\n')
    expect(properties).toContain(`\nlog.dirs=${story.data}\n`)
  })
})
