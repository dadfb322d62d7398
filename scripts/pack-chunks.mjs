// Turns the chunks that esbuild splits a tool into (ES modules) into CommonJS files: what every run of the tool needs,
// and the rest, which is read when first asked for (what only a cluster needs in a file of its own: a directory's tools would read
// half a megabyte for nothing). A chunk becomes a function that is called once and returns its
// exports; what it imports are constants in it, so a call across chunks costs what a call inside one costs.
// esbuild alone would make one file in which every lazily imported module sets up a namespace object at each start:
// that took as long as bare Node's own main script.
//
// Why not the bundler's own chunks: esbuild splits ES modules only, and those have no code cache (vm.Script has one,
// vm.SourceTextModule stands behind a flag). rolldown writes CommonJS chunks, but as more files and outside the cache. CPU over
// bare Node, 2026-11-30: topics --list 6.7 ms with rolldown, 6.6 with this; console-consumer 14.5 with rolldown, 12.7 with this.
//
// Needs: no exported `let` (a constant would not follow it; `export let` is refused below), no top-level await.
import path from 'node:path'
import vm from 'node:vm'

const IMPORT =
  /(?<=^|[;}\n])import(?:\s*([\w$]+)\s*(?:,|from))?(?:\s*\*\s*as\s+([\w$]+)\s*from)?(?:\s*\{([^}]*)\}\s*from)?\s*"([^"]+)";?/g
const EXPORT = /(?<=^|[;}\n])export\s*\{([^}]*)\};?\s*$/

/**
 * @param {import('esbuild').BuildResult<{ metafile: true, write: false }>} result of a build with splitting, metafile and one entry
 * @param {string} entry path of the entry as in the metafile
 * @param {RegExp} atStart source files that are imported lazily and yet needed by nearly every run
 * @param {RegExp} apart source files that are imported lazily, and all that only they lead to: the third file
 * @param {{ rest: string, apart: string }} files names of the second and the third file below dist/
 * @returns {{ start: string, rest: string, apart: string }} texts of the files; no third one where nothing is apart
 */
export function packChunks(result, entry, atStart, apart, files) {
  const { outputs } = result.metafile
  const byName = new Map(Object.entries(outputs).map(([file, output]) => [idOf(file), output]))
  /**
   * What one chunk leads to.
   * @param {string} id
   * @param {Set<string>} seen
   * @param {(entryPoint: string) => boolean} follows whether an import that comes later counts
   */
  const visit = (id, seen, follows) => {
    if (seen.has(id)) return
    seen.add(id)
    for (const link of byName.get(id)?.imports ?? []) {
      if (link.external) continue
      const to = idOf(link.path)
      if (link.kind !== 'dynamic-import' || follows(byName.get(to)?.entryPoint ?? ''))
        visit(to, seen, follows)
    }
  }
  const first = idOf(Object.keys(outputs).find((file) => outputs[file].entryPoint === entry) ?? '')
  /** @type {Set<string>} */
  const wanted = new Set()
  visit(first, wanted, (file) => atStart.test(file))
  /** @type {Set<string>} */
  const without = new Set()
  visit(first, without, (file) => !apart.test(file))
  /** @type {Record<'start' | 'rest' | 'apart', string[]>} */
  const parts = { start: [], rest: [], apart: [] }
  /** @type {string[]} */
  const apartIds = []
  for (const { path: file, text } of result.outputFiles) {
    const id = idOf(file)
    const chunk = `${JSON.stringify(id)}:${chunkFunction(id, text)}`
    if (wanted.has(id)) parts.start.push(chunk)
    else if (without.has(id)) parts.rest.push(chunk)
    else {
      parts.apart.push(chunk)
      apartIds.push(id)
    }
  }
  const { start } = parts
  const fileOf = (/** @type {string} */ name) => JSON.stringify(`/${name}`)
  const loader =
    `const $c={${start.join(',\n')}},$m={},$a=${JSON.stringify(` ${apartIds.join(' ')} `)},` +
    `$l=i=>$m[i]??($c[i]===void 0&&Object.assign($c,(globalThis.__tkafkaLoad??require)(__dirname+($a.includes(" "+i+" ")?${fileOf(files.apart)}:${fileOf(files.rest)}))),$m[i]=$c[i]($l,$d,require)),` +
    `$d=i=>Promise.resolve().then(()=>i.startsWith("node:")?{__proto__:require(i),default:require(i)}:$l(i));`
  return {
    start: `"use strict";const __tkafkaModuleUrl=__filename;${loader}$l(${JSON.stringify(first)});\n`,
    rest: exported(parts.rest),
    apart: apartIds.length === 0 ? '' : exported(parts.apart),
  }
}

/** @param {string[]} chunks */
const exported = (chunks) =>
  `"use strict";const __tkafkaModuleUrl=__filename;module.exports={${chunks.join(',\n')}};\n`
/** @param {string} file */
const idOf = (file) => path.basename(file, '.js')
/** @param {string} from */
const isChunk = (from) => from.startsWith('./')

/**
 * @param {string} id
 * @param {string} text
 */
function chunkFunction(id, text) {
  let returned = ''
  let body = text.replace(EXPORT, (_, /** @type {string} */ names) => {
    const pairs = names.split(',').filter((n) => n.trim() !== '')
    returned = pairs
      .map((pair) => {
        const [local, name = local] = pair.trim().split(/\s+as\s+/)
        return `${name}:${local}`
      })
      .join(',')
    return ''
  })
  body = body.replace(/(?<=^|[;}\n])export default ([^;]+);?\s*$/, (_, /** @type {string} */ value) => {
    returned = `default:${value}`
    return ''
  })
  body = body.replace(
    IMPORT,
    (_, /** @type {(string | undefined)[]} */ ...[byDefault, all, names, from = '']) => {
      // node:module takes 2 ms to load; what its createRequire would make is at hand.
      if (from === 'node:module' && /^\s*createRequire\b[^,]*$/.test(names ?? ''))
        return `const{${names?.replace(/\s+as\s+/, ':')}}={createRequire:()=>require};`
      const source = isChunk(from) ? `$l(${JSON.stringify(idOf(from))})` : `require(${JSON.stringify(from)})`
      const parts = []
      if (byDefault !== undefined) parts.push(`const ${byDefault}=${source};`)
      if (all !== undefined) parts.push(`const ${all}=${source};`)
      if (names !== undefined) parts.push(`const{${names.replace(/\s+as\s+/g, ':')}}=${source};`)
      return parts.join('') || (isChunk(from) ? `${source};` : '')
    },
  )
  body = body.replace(
    /\bimport\("([^"]+)"\)/g,
    (_, /** @type {string} */ from) => `$d(${JSON.stringify(isChunk(from) ? idOf(from) : from)})`,
  )
  const made = `function($l,$d,require){${body}\nreturn{${returned}}}`
  try {
    new vm.Script(`(${made})`)
  } catch (error) {
    throw new Error(`chunk ${id}: ${error instanceof Error ? error.message : error}`)
  }
  return made
}
