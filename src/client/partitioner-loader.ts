/** From the producer's settings to its partitioner: partitioner.class and its companions. */
import { TerseError } from '../errors.ts'
import type { Partitioner } from './producer.ts'

/**
 * What `partitioner.class` means. `rotation` is ours where the setting is absent; the class name is Kafka's
 * RoundRobinPartitioner, which looks at no key.
 */
export type PartitionerChoice =
  | { readonly kind: 'rotation'; readonly ignoreKeys: boolean }
  | { readonly kind: 'sticky'; readonly ignoreKeys: boolean }
  | { readonly kind: 'user'; readonly partitioner: Partitioner }

declare global {
  /** The launcher's import(): a script that runs from V8's code cache has none of its own. */
  var __tkafkaImport: ((url: string) => Promise<unknown>) | undefined
}

const ROUND_ROBIN = 'org.apache.kafka.clients.producer.RoundRobinPartitioner'

/**
 * Reads `partitioner.class`: absent, `sticky`, Kafka's class name, or the path of a JavaScript module.
 * @param ignoreKeys partitioner.ignore.keys, which a class of its own makes meaningless
 * @throws TerseError, with Kafka's words for a class that is not there
 */
export async function choosePartitioner(
  name: string | undefined,
  ignoreKeys: boolean,
): Promise<PartitionerChoice> {
  if (name === undefined) return { kind: 'rotation', ignoreKeys }
  if (name === ROUND_ROBIN) return { kind: 'rotation', ignoreKeys: true }
  if (name === 'sticky') return { kind: 'sticky', ignoreKeys }
  if (/[/\\]/.test(name) || /\.[cm]?js$/.test(name)) {
    return { kind: 'user', partitioner: await loadPartitioner(name) }
  }
  throw new TerseError(
    `Invalid value ${name} for configuration partitioner.class: Class ${name} could not be found.` +
      `\nKnown are ${ROUND_ROBIN}, sticky, and the path of a JavaScript module.`,
  )
}

/** Loads a module's default export (or its `partitioner`): an object, a class, or a factory that makes one. */
async function loadPartitioner(file: string): Promise<Partitioner> {
  const path = await import('node:path')
  const { pathToFileURL } = await import('node:url')
  const resolved = path.resolve(file)
  let exported: unknown
  try {
    const load = globalThis.__tkafkaImport ?? ((url: string): Promise<unknown> => import(url))
    const module = (await load(pathToFileURL(resolved).href)) as Record<string, unknown>
    exported = module.default ?? module.partitioner
  } catch (error) {
    throw new TerseError(`partitioner.class: cannot load ${resolved}: ${firstLine(error)}`)
  }
  let candidate = exported
  if (typeof exported === 'function') {
    try {
      candidate = isClass(exported)
        ? new (exported as new () => unknown)()
        : await (exported as () => unknown)()
    } catch (error) {
      throw new TerseError(`partitioner.class: ${resolved} failed when called: ${firstLine(error)}`)
    }
  }
  if (!isPartitioner(candidate)) {
    throw new TerseError(
      `partitioner.class: ${resolved} exports no partitioner; expected` +
        ' `export default { partition(topic, key, value, partitionCount) { return 0 } }`, or a class or function that makes one.',
    )
  }
  return candidate
}

const isPartitioner = (value: unknown): value is Partitioner =>
  typeof value === 'object' && value !== null && typeof (value as Partitioner).partition === 'function'

const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value))

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]
