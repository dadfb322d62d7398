import { closeSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendUnderLock, batchOf, openLog, temporaryDir } from './log-helpers.ts'

const wide = (text: string) => text.padEnd(3000, '.')
const LOG = '00000000000000000000.log'

/** One that saw the first record, and another that appended 200 of 3 KB since: more than is walked over. */
function behind() {
  const dir = temporaryDir()
  const [one, other] = [openLog(dir), openLog(dir)]
  appendUnderLock(one, batchOf(['first']))
  appendUnderLock(other, ...Array.from({ length: 200 }, (_, i) => batchOf([wide(`${i}`)])))
  return { one, other, file: join(dir, 't-0', LOG), index: join(dir, 't-0', LOG.replace('.log', '.index')) }
}

function valueAt(log: ReturnType<typeof openLog>, offset: number): string {
  const { buffer, start, end } = log.read(offset, 1)
  return buffer.toString('latin1', start, end).replace(/[^ -~]/g, ' ')
}

describe('a log that others appended much to', () => {
  it('is taken up behind the last index entry, as if all of it had been looked at', () => {
    const { one, other } = behind()
    expect(appendUnderLock(one, batchOf(['mine']))).toMatchObject({ firstOffset: 201, lastOffset: 201 })
    expect(appendUnderLock(other, batchOf(['yours']))).toMatchObject({ firstOffset: 202 })
    expect(one.maxTimestampOffset()).toEqual(
      openLog(one.dir.slice(0, -4), { readOnly: true }).maxTimestampOffset(),
    )
    expect(valueAt(one, 100)).toContain('99...')
    expect(valueAt(one, 201)).toContain('mine')
  })

  it('is walked over where there is no index', () => {
    const { one, index } = behind()
    rmSync(index)
    expect(appendUnderLock(one, batchOf(['mine']))).toMatchObject({ firstOffset: 201 })
    expect(statSync(index).size).toBeGreaterThan(8 * 90)
  })

  it('has its torn end cut', () => {
    const { one, file } = behind()
    truncateSync(file, statSync(file).size - 100)
    expect(appendUnderLock(one, batchOf(['mine']))).toMatchObject({ firstOffset: 200 })
    expect(valueAt(one, 200)).toContain('mine')
  })

  it('does not have a damaged last batch read as one', () => {
    const { one, file } = behind()
    const fd = openSync(file, 'r+')
    writeSync(fd, 'X', statSync(file).size - 50)
    closeSync(fd)
    const before = readFileSync(file).length
    expect(appendUnderLock(one, batchOf(['mine']))).toMatchObject({ firstOffset: 200 })
    expect(readFileSync(file).length).toBeLessThan(before)
  })
})
