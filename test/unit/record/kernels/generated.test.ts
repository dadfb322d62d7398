import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { generatedFile, KERNELS, kernelModule } from '../../../../scripts/make-kernels.mjs'

describe('the generated WebAssembly', () => {
  // Loading Binaryen takes seconds of CPU, more on a busy machine.
  test.each(KERNELS)('of $name is what its source compiles to', { timeout: 60_000 }, async (kernel) => {
    const committed = fs.readFileSync(generatedFile(kernel), 'utf8')
    expect(committed, 'run npm run kernels').toBe(await kernelModule(kernel))
  })
})
