import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { systemOs } from '../../../src/os/system-os.ts'
import { bundleProgram } from '../../support/bundle-program.ts'

const lines = systemOs.lifelines

describe.skipIf(lines === undefined)('a lifeline', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram('lifeline-child')
    return () => fs.rmSync(program)
  })

  /** Resolves with what `hold` calls back. */
  const cut = (address: string) => new Promise<boolean>((resolve) => lines?.hold(address, resolve))

  function start(...args: string[]): ChildProcess {
    return spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  }

  test('is cut when its process is killed, and cannot be had any more', async () => {
    const child = start('stay')
    const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data')
    const address = String(line).trim()
    const over = cut(address)
    // Held by now, or still waiting to be taken up: it is heard all the same.
    child.kill('SIGKILL')
    await over
    expect(await cut(address)).toBe(false)
  })

  test('is cut for those who hold it when it is closed', async () => {
    const line = lines?.offer()
    const over = [cut(line?.address as string), cut(line?.address as string)]
    line?.close()
    await Promise.all(over)
    expect(await cut(line?.address as string)).toBe(false)
  })

  test('that is let go calls nobody back', async () => {
    const line = lines?.offer()
    const called: boolean[] = []
    lines?.hold(line?.address as string, (held) => called.push(held)).close()
    const over = cut(line?.address as string)
    line?.close()
    await over
    expect(called).toEqual([])
  })

  test('keeps no program alive, neither who offers it nor who holds it', async () => {
    const line = lines?.offer()
    const child = start('go', line?.address as string)
    const [code] = await once(child, 'exit')
    line?.close()
    expect(code).toBe(0)
  })
})
