'use strict'
/**
 * Moves the wall clock of a Node process by TKAFKA_TEST_CLOCK_OFFSET_MS: what `Date` says, and the times of files, which
 * the kernel keeps by its own clock. Loaded with `node --require` (NODE_OPTIONS), before anything else; the program that runs
 * knows nothing of it. Timers, process.hrtime and performance.now go on: the time that passes is not moved.
 */
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const offset = Number(process.env.TKAFKA_TEST_CLOCK_OFFSET_MS ?? 0)
if (!Number.isSafeInteger(offset)) throw new Error('TKAFKA_TEST_CLOCK_OFFSET_MS is no whole number')

const RealDate = Date
const realNow = Date.now

function moveDate() {
  RealDate.now = () => realNow() + offset
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
    apply: (target) => new target(target.now()).toString(),
  })
  RealDate.prototype.constructor = globalThis.Date
}

/** The times of a Stats or BigIntStats object, as the moved clock would have written them. */
function moveStats(stats) {
  if (stats === undefined || stats === null) return stats
  for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) {
    if (typeof stats.mtimeMs === 'bigint') {
      stats[`${name}Ms`] += BigInt(offset)
      stats[`${name}Ns`] += BigInt(offset) * 1_000_000n
    } else {
      stats[`${name}Ms`] += offset
    }
    stats[name] = new RealDate(Number(stats[`${name}Ms`]))
  }
  return stats
}

/** What utimes is given, as the kernel would say it. */
function kernelTime(time) {
  if (time instanceof RealDate) return new RealDate(time.getTime() - offset)
  return Number(time) - offset / 1000
}

function moveFiles() {
  for (const name of ['stat', 'lstat', 'fstat']) {
    const sync = fs[`${name}Sync`]
    fs[`${name}Sync`] = (...args) => moveStats(sync.apply(fs, args))
    const later = fs[name]
    fs[name] = (...args) => {
      const done = args.pop()
      later.call(fs, ...args, (error, stats) => (error ? done(error) : done(null, moveStats(stats))))
    }
    const promised = fs.promises[name]
    if (promised !== undefined) {
      fs.promises[name] = async (...args) => moveStats(await promised.apply(fs.promises, args))
    }
  }
  for (const name of ['utimes', 'lutimes', 'futimes']) {
    for (const [holder, call] of [
      [fs, `${name}Sync`],
      [fs, name],
      [fs.promises, name],
    ]) {
      const real = holder[call]
      if (real === undefined) continue
      holder[call] = (file, atime, mtime, ...rest) =>
        real.call(holder, file, kernelTime(atime), kernelTime(mtime), ...rest)
    }
  }
  syncBuiltinESMExports()
}

if (offset !== 0) {
  moveDate()
  moveFiles()
}
