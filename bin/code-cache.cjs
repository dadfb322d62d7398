'use strict'
// Making the folder of V8's code caches and the caches in it: what the first start of a tool does.
const fs = require('node:fs')
const path = require('node:path')

/** Returns the folder's stat. @throws where it cannot be made */
function make(dir) {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
  return fs.statSync(dir)
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

module.exports = { make, save }
