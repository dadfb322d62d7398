// Makes src/record/kernels/generated/*.ts: the WebAssembly of the kernels in src/record/kernels/assembly/, compiled by
// AssemblyScript, as base64. The output is committed, so that tests and type checks need no build before them. The build
// calls refreshKernels, which compiles only what changed; a test compiles all and compares.
//   node scripts/make-kernels.mjs
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = 'src/record/kernels'

/** Each kernel: assembly/NAME.ts, the layout that it shares with its caller, and the constant that holds it. */
export const KERNELS = [
  { name: 'lines', layout: 'line-layout', constant: 'LINES_WASM' },
  { name: 'print', layout: 'print-layout', constant: 'PRINT_WASM' },
  { name: 'legacy', layout: 'legacy-layout', constant: 'LEGACY_WASM' },
]

// Nothing is allocated, so the runtime is the empty one. -O3 inlines most: -O2 makes smaller code, 3 to 7 % slower
// (8,000 records of 100 bytes in a loop, 2026-11). Memory is the caller's; its size is not fixed here.
const FLAGS = '-O3 --runtime stub --noAssert --importMemory --noExportMemory --enable simd'.split(' ')

/** What a generated module is made of: the same digest stands in its head. */
function digestOf({ name, layout }) {
  const { devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  const hash = createHash('sha256').update(`${devDependencies.assemblyscript} ${FLAGS.join(' ')}`)
  for (const file of [`assembly/${name}.ts`, `${layout}.ts`]) {
    hash.update(fs.readFileSync(path.join(root, folder, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

/** Where a kernel's generated module lies. */
export const generatedFile = ({ name }) => path.join(root, folder, 'generated', `${name}.ts`)

/** Compiles a kernel and returns the text of its generated module. */
export async function kernelModule(kernel) {
  const { name, constant } = kernel
  // It brings Binaryen, some 10 MB of JavaScript: only where there is something to compile.
  const { default: asc } = await import('assemblyscript/asc')
  let wasm
  const { error, stderr } = await asc.main(
    [`${folder}/assembly/${name}.ts`, '--outFile', `${name}.wasm`, '--baseDir', root, ...FLAGS],
    {
      writeFile: (_file, bytes) => {
        wasm = bytes
      },
    },
  )
  const messages = stderr.toString()
  if (error) throw new Error(`${folder}/assembly/${name}.ts does not compile\n${messages}`)
  return `/**
 * WebAssembly of ../assembly/${name}.ts (${wasm.length} bytes), in base64. Made by scripts/make-kernels.mjs, never edited.
 * Digest of what it was made of: ${digestOf(kernel)}.
 */
export const ${constant} =
  '${Buffer.from(wasm).toString('base64')}'
`
}

/** Compiles the kernels whose source, layout or compiler is not what the generated module was made of. */
export async function refreshKernels() {
  for (const kernel of KERNELS) {
    const file = generatedFile(kernel)
    const isCurrent = fs.existsSync(file) && fs.readFileSync(file, 'utf8').includes(digestOf(kernel))
    if (!isCurrent) fs.writeFileSync(file, await kernelModule(kernel))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const kernel of KERNELS) fs.writeFileSync(generatedFile(kernel), await kernelModule(kernel))
}
