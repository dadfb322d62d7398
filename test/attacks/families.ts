import type { Arena, Verdict } from './arena.ts'
import { failCalls } from './failing-calls.ts'
import { forge } from './forged.ts'
import { mutate } from './mutate.ts'
import { fillOutputs } from './outputs.ts'
import { plant } from './planted.ts'
import { endProcesses } from './signals.ts'
import { waitForLocks } from './waits.ts'

interface Family {
  readonly attack: (arena: Arena) => Promise<Verdict>
  /** Templates that it takes; absent: all. */
  readonly templates?: RegExp
}

/** The families of attacks, by name. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  mutate: { attack: mutate },
  'fail calls': { attack: failCalls },
  plant: { attack: plant },
  forge: { attack: forge },
  outputs: { attack: fillOutputs, templates: /clean|killed/ },
  signals: { attack: endProcesses, templates: /clean|killed/ },
  waits: { attack: waitForLocks, templates: /clean/ },
}
