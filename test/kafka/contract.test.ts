import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openCluster, openLocal } from '../../src/index.ts'
import { contract } from '../contract/suite/all.ts'
import { GenuineBroker } from '../support/genuine-kafka.ts'

/** The contract on a genuine broker, one for the whole suite; test/contract/directory.test.ts has the same on a directory. */
contract('a genuine broker keeps the contract:', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-contract-'))
  const admin = await openLocal(dir).admin()
  await admin.createTopic({ name: 'of-the-directory' })
  await admin.close()
  const broker = await GenuineBroker.start(dir, () => [
    'group.consumer.heartbeat.interval.ms=500',
    'group.consumer.min.heartbeat.interval.ms=500',
  ])
  return {
    kafka: openCluster({ 'bootstrap.servers': `127.0.0.1:${broker.port}` }),
    end: async () => {
      await broker.stop()
      fs.rmSync(dir, { recursive: true, force: true })
    },
  }
})
