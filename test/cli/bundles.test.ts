import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
/** Said by cluster/cluster-client.ts alone. */
const OF_A_CLUSTER = '; trying on for '

test('what only a cluster needs is in files that no tool reads without an address', () => {
  const holders = (folder: string) =>
    fs
      .readdirSync(dist + folder)
      .filter(
        (name) =>
          name.endsWith('.cjs') &&
          fs.readFileSync(`${dist}${folder}${name}`, 'latin1').includes(OF_A_CLUSTER),
      )
  const tools = fs.readdirSync(`${dist}rest`).filter((name) => name.endsWith('.cluster.cjs'))
  expect(tools.length).toBeGreaterThan(20)
  expect(holders('rest/')).toEqual(tools)
  // Two that start no tool: the library, and what only says that it is not here.
  expect(holders('')).toEqual(['absent-tools.cjs', 'index.cjs'])
})
