import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openLocal } from '../../src/index.ts'
import { contract } from './suite/all.ts'

/** The contract on a directory; test/kafka/contract.test.ts has the same on a genuine broker. */
contract('a directory keeps the contract:', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-contract-'))
  return {
    kafka: openLocal(dir),
    end: async () => fs.rmSync(dir, { recursive: true, force: true }),
  }
})
