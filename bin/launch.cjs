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
  globalThis.__tkafkaArgs = args
  // A bundle that runs from the code cache cannot import by itself (a user's own partitioner); this file can.
  globalThis.__tkafkaImport = (url) => import(url)
  const file = path.join(DIST, `${tool}.cjs`)
  const stat = /^[a-z0-9-]+$/.test(tool) ? fs.statSync(file, { throwIfNoEntry: false }) : undefined
  const action = args.find((arg) => ACTION.test(arg)) ?? ''
  const caches = cacheFolder()
  globalThis.__tkafkaLoad = (part) => load(part, fs.statSync(part), action, caches)
  if (stat === undefined) globalThis.__tkafkaLoad(path.join(DIST, 'tkafka.cjs'))
  else load(file, stat, action, caches)
}

/**
 * What a tool is asked to do: each has a code cache of its own, since one that holds what all of them compiled takes
 * longer to load than what it saves.
 */
const ACTION = /^--(list|describe|create|alter|delete|help|version|reset-offsets|add|remove|verify|execute)$/

/**
 * Runs one bundle and returns what it exports; the cache is used when it can be and silently left out when not. Bundles
 * are ASCII (scripts/build.mjs sees to it), and what they require is found from here as from dist/.
 */
function load(file, stat, action, caches) {
  if (caches === undefined) return require(file)
  const { Script } = require('node:vm')
  // Keyed by bundle, V8 and architecture.
  const part = path.relative(DIST, file).slice(0, -'.cjs'.length).replace(path.sep, '+')
  const key = `${part}${action}-${process.versions.v8}-${process.arch}-${stat.size}-${Math.trunc(stat.mtimeMs)}`
  const cache = path.join(caches, `${key}.cache`)
  let cachedData
  try {
    cachedData = fs.readFileSync(cache)
  } catch {}
  const source = `(function (exports, require, module, __filename, __dirname) { ${fs.readFileSync(file, 'latin1')}\n})`
  const script = new Script(source, { filename: file, cachedData })
  if (cachedData === undefined || script.cachedDataRejected) {
    // Written at exit, when the functions that ran are compiled and worth keeping.
    process.once('exit', () => save(cache, script))
  }
  const module = { exports: {} }
  script.runInThisContext()(module.exports, require, module, file, path.dirname(file))
  return module.exports
}

/** The cache folder; it must be ours alone, else it is not trusted. */
function cacheFolder() {
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
    return stat.uid === process.getuid() && (stat.mode & 0o077) === 0 ? dir : undefined
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
