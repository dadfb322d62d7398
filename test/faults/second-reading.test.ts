/** Bytes that read wrong once are not cut: what is to go is read again first. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import type { Os } from '../../src/os/os.ts'
import { readTree, type Tree, writeTree } from '../attacks/tree.ts'
import { produce, quickOs, Told } from '../attacks/use.ts'

const LOG = 't-0/00000000000000000000.log'
const T = [{ topic: 't', partition: 0 }]
let dir: string
/** As a machine that stopped left it: nobody closed it. */
let left: Tree

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(tmpdir(), 'tkafka-second-reading-'))
  for (const word of ['one', 'two', 'three']) await produce(quickOs, dir, T, new Told(), word)
  for (const name of ['.kafka_cleanshutdown', '.tkafka-open', 'recovery-point-offset-checkpoint'])
    fs.rmSync(path.join(dir, name), { force: true })
  left = readTree(dir)
})
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }))

/** Reads of the log from number `from` on, `times` of them, give other bytes, and each time others. */
function garbling(from: number, times: number): { readonly os: Os; readonly count: () => number } {
  const logs = new Set<number>()
  let reads = 0
  const os: Os = {
    ...quickOs,
    fs: {
      ...quickOs.fs,
      open(file, flags) {
        const fd = quickOs.fs.open(file, flags)
        if (file.endsWith(LOG)) logs.add(fd)
        else logs.delete(fd)
        return fd
      },
      read(fd, buffer, offset, length, position) {
        const read = quickOs.fs.read(fd, buffer, offset, length, position)
        const n = logs.has(fd) ? reads++ : -1
        if (n < from || n >= from + times) return read
        for (let i = 0; i < read; i += 7) buffer[offset + i] ^= 0x55 + (n % 16)
        return read
      },
    },
  }
  return { os, count: () => reads }
}

function again(): Buffer {
  fs.rmSync(dir, { recursive: true, force: true })
  writeTree(dir, left)
  return left.get(LOG) as Buffer
}

const works = {
  produce: async (os: Os) => void (await produce(os, dir, T, new Told(), 'behind')),
  repair: async (os: Os) => {
    const admin = new LocalAdmin(os, LocalDirectory.open(os, dir, { warn: () => {} }), { warn: () => {} })
    await admin.repair({ dryRun: false, done: () => {}, left: () => {} }).catch(() => {})
    await admin.close().catch(() => {})
  },
}

describe.each(Object.entries(works))('%s, where the disk reads wrong', (_, work) => {
  it.each([1, 2, 3, Number.POSITIVE_INFINITY])('%d reads on end: nothing is cut', async (times) => {
    again()
    const counter = garbling(Number.POSITIVE_INFINITY, 0)
    await work(counter.os)
    expect(counter.count()).toBeGreaterThan(2)
    for (let from = 0; from < counter.count(); from++) {
      const bytes = again()
      await work(garbling(from, times).os)
      const now = fs.readFileSync(path.join(dir, LOG)).subarray(0, bytes.length)
      expect(now.equals(bytes), `reads from number ${from} on`).toBe(true)
    }
  })
})
