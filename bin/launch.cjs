'use strict'
// Finds the bundle of one tool and runs it from V8's code cache, which lives in the user's own cache folder.
// Everything here is start-up time: no module but fs, path and vm is loaded.
const fs = require('node:fs')
const path = require('node:path')

const DIST = path.join(__dirname, '..', 'dist')

/**
 * Runs `tkafka ARGS`. The tool is the first word that is no global flag (`--data-dir DIR`).
 * @param {string[]} args
 */
function launch(args) {
  let tool = ''
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--data-dir') i++
    else if (!args[i].startsWith('-')) {
      tool = args[i]
      break
    }
  }
  if (tool === 'run-class') {
    const translated = require('./run-class.cjs').withTool(args)
    if (translated !== args) return launch(translated)
  }
  const known = /^[a-z0-9-]+$/.test(tool) && fs.existsSync(path.join(DIST, `${tool}.cjs`))
  globalThis.__tkafkaArgs = args
  // A bundle that runs from the code cache cannot import by itself (a user's own partitioner); this file can.
  globalThis.__tkafkaImport = (url) => import(url)
  load(path.join(DIST, known ? `${tool}.cjs` : 'tkafka.cjs'))
}

/** Runs one bundle; the cache is used when it can be and silently left out when not. */
function load(file) {
  const cache = cacheFile(file)
  if (cache === undefined) return void require(file)
  const { Script } = require('node:vm')
  const source = fs.readFileSync(file, 'utf8')
  let cachedData
  try {
    cachedData = fs.readFileSync(cache)
  } catch {}
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${source}\n})`
  const script = new Script(wrapped, { filename: file, cachedData })
  const module = { exports: {} }
  const { createRequire } = require('node:module')
  if (cachedData === undefined || script.cachedDataRejected) {
    // Written at exit, when the functions that ran are compiled and worth keeping.
    process.once('exit', () => save(cache, script))
  }
  script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file))
}

/** The cache folder is keyed by bundle, V8 and architecture; it must be ours alone, else it is not trusted. */
function cacheFile(file) {
  if (process.env.TKAFKA_NO_CODE_CACHE) return undefined
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'))
  if (!home || !path.isAbsolute(home) || process.getuid === undefined) return undefined
  const dir = path.join(home, 'tkafka')
  try {
    let stat = fs.statSync(dir, { throwIfNoEntry: false })
    if (stat === undefined) {
      fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
      stat = fs.statSync(dir)
    }
    if (stat.uid !== process.getuid() || (stat.mode & 0o077) !== 0) return undefined
    const { size, mtimeMs } = fs.statSync(file)
    const key = `${path.basename(file, '.cjs')}-${process.versions.v8}-${process.arch}-${size}-${Math.trunc(mtimeMs)}`
    return path.join(dir, `${key}.cache`)
  } catch {
    return undefined
  }
}

/** Temp file and rename: a reader never meets half a cache. */
function save(cache, script) {
  const temp = `${cache}.${process.pid}.tmp`
  try {
    fs.writeFileSync(temp, script.createCachedData(), { mode: 0o600, flag: 'wx' })
    fs.renameSync(temp, cache)
    dropOlder(cache)
  } catch {
    try {
      fs.unlinkSync(temp)
    } catch {}
  }
}

/** Caches of earlier builds of the same bundle. */
function dropOlder(cache) {
  const name = path.basename(cache)
  const family = name.replace(/-\d+-\d+\.cache$/, '-')
  for (const other of fs.readdirSync(path.dirname(cache))) {
    if (other !== name && other.startsWith(family) && /^\d+-\d+\.cache$/.test(other.slice(family.length))) {
      fs.unlinkSync(path.join(path.dirname(cache), other))
    }
  }
}

module.exports = { launch }
