/** Directory or cluster: the only module of commands/ that names local/ and cluster/, and only when a tool asks for a client. */
import type { CommandContext } from '../../cli/command.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { BatchSink } from '../../client/batch-sink.ts'
import type { Consumer, ConsumerOptions } from '../../client/consumer.ts'
import type { Producer, ProducerConfig } from '../../client/producer.ts'
import { clientWaitLimit, producerWaitLimit, waitLimit } from '../../client/wait-limits.ts'
import { TerseError, UsageError } from '../../errors.ts'
import type { DirectoryReport } from '../../local/admin/directory-report.ts'
import { type LocatedDir, locateDataDir } from '../../local/directory/data-dir.ts'
import type { LocalDirectory } from '../../local/directory/local-directory.ts'
import type { LogDirs } from '../../local/directory/log-dirs.ts'
import type { WaitLimit } from '../../os/lock-wait.ts'
import { systemOs } from '../../os/system-os.ts'

/** Admin on the data directory, or on the cluster that --bootstrap-server names; `defaults` hold where no file says otherwise. */
export async function openAdmin(
  context: CommandContext,
  defaults: Readonly<Record<string, string>> = {},
): Promise<Admin> {
  const settings = { ...defaults, ...(await readSettings(context)) }
  const cluster = clusterAddress(context)
  if (cluster !== undefined) {
    const { openClusterAdmin } = await import('../../cluster/open-cluster.ts')
    return openClusterAdmin(systemOs, cluster, settings, told(context))
  }
  const waitLimit = adminWaitLimit(context, settings)
  const { LocalAdmin } = await import('../../local/admin/local-admin.ts')
  const { DirectoryReader } = await import('../../local/directory/directory-reader.ts')
  const { path, why: _, ...found } = await dataDir(context)
  const options = { warn: warnOnce(context), address: declaredAddress(context), waitLimit, ...found }
  return new LocalAdmin(systemOs, new DirectoryReader(systemOs, path, options), options)
}

/** For tools that work on files. @throws TerseError where a cluster is named, which keeps its own to itself */
export async function openDirectoryAdmin(context: CommandContext): Promise<Admin> {
  requireLocal(context)
  return openAdmin(context)
}

const lines = new WeakMap<object, Set<string>>()

/** What a cluster's client has to say to a person. */
function told(context: CommandContext) {
  return { warn: warnOnce(context), refused: (line: string) => context.stderr.last(line) }
}

/** Several clients of one run find the same thing out: it is told once. At once: it may say why nothing happens. */
function warnOnce({ stderr }: CommandContext): (line: string) => void {
  return (line) => {
    const said = lines.get(stderr) ?? new Set()
    lines.set(stderr, said)
    if (said.has(line)) return
    said.add(line)
    stderr.line(line)
    stderr.flush()
  }
}

/** Where the directory is said to be: the address asked for, else the first one declared. */
function declaredAddress(context: CommandContext): string | undefined {
  const servers =
    context.env.TKAFKA_LOCAL_BOOTSTRAP &&
    (namedServers(context)?.servers ?? context.env.TKAFKA_LOCAL_BOOTSTRAP)
  return servers
    ?.split(',')[0]
    .trim()
    .replace(/^[A-Za-z_]+:\/\//, '')
}

/** `--timeout` where the tool has it, else what the file of client settings says. */
function adminWaitLimit(context: CommandContext, settings: Record<string, string>): WaitLimit | undefined {
  const options = context.options.ofAnyTool
  const ofFlag = options.has('timeout')
    ? waitLimit('timeout', options.values('timeout').at(-1), '--timeout ')
    : undefined
  return ofFlag ?? clientWaitLimit(settings)
}

/** The genuine tools fail on a file of client settings that they cannot read. */
async function readSettings(context: CommandContext): Promise<Record<string, string>> {
  const options = context.options.ofAnyTool
  const settings: Record<string, string> = {}
  for (const flag of ['command-config', 'admin.config']) {
    const file = options.has(flag) ? options.value(flag) : undefined
    if (file === undefined) continue
    const { propertiesFile } = await import('./client-properties.ts')
    Object.assign(settings, Object.fromEntries(await propertiesFile(file)))
  }
  return settings
}

/**
 * Producer with Kafka's settings (`acks`, `batch.size`, `partitioner.class`, ...). `waits`: how long locks are waited for,
 * where not each of the settings is one that the user gave.
 */
export async function openProducer(
  context: CommandContext,
  config: ProducerConfig,
  waits: { readonly limit: WaitLimit | undefined } = { limit: producerWaitLimit(config) },
): Promise<Producer> {
  const cluster = clusterAddress(context)
  if (cluster !== undefined) {
    const { openClusterProducer } = await import('../../cluster/open-cluster.ts')
    const { signal } = context
    return openClusterProducer(systemOs, cluster, config, { ...told(context), signal })
  }
  const { LocalProducer } = await import('../../local/producer/local-producer.ts')
  return new LocalProducer(systemOs, await openDirectory(context, waits.limit), config)
}

/** What takes whole batches; `config` are Kafka's producer settings. */
export async function openBatchSink(context: CommandContext, config: ProducerConfig): Promise<BatchSink> {
  const cluster = clusterAddress(context)
  if (cluster !== undefined) {
    const { openClusterSink } = await import('../../cluster/open-cluster.ts')
    const { signal } = context
    return openClusterSink(systemOs, cluster, config, { warn: warnOnce(context), signal })
  }
  const { LocalBatchSink } = await import('../../local/producer/local-batch-sink.ts')
  return new LocalBatchSink(await openDirectory(context, producerWaitLimit(config)))
}

/** Consumer; `options.config` are Kafka's settings. */
export async function openConsumer(context: CommandContext, options: ConsumerOptions): Promise<Consumer> {
  const cluster = clusterAddress(context)
  if (cluster !== undefined) {
    const { openClusterConsumer } = await import('../../cluster/open-cluster.ts')
    const { signal } = options
    return openClusterConsumer(systemOs, cluster, options, { ...told(context), signal })
  }
  const { LocalConsumer } = await import('../../local/consumer/local-consumer.ts')
  const directory = await openDirectory(context, clientWaitLimit(options.config ?? {}))
  return new LocalConsumer(systemOs, directory, options)
}

/**
 * The data directory that this command line means.
 * @throws UsageError when --data-dir stands beside an address that is not declared to be it
 * @throws TerseError when an address is not declared local: that is a cluster
 */
export async function openDirectory(context: CommandContext, waitLimit?: WaitLimit): Promise<LocalDirectory> {
  const { path, why: _, ...found } = await dataDir(context)
  const { LocalDirectory } = await import('../../local/directory/local-directory.ts')
  return LocalDirectory.open(systemOs, path, { warn: warnOnce(context), waitLimit, ...found })
}

interface FoundDir extends LocatedDir {
  readonly logDirs?: LogDirs | undefined
  readonly hasProperties?: boolean | undefined
}

/** One directory, or the log.dirs of one node: `--data-dir A,B`, or those that the server.properties in it names. */
async function dataDir(context: CommandContext): Promise<FoundDir> {
  requireLocal(context)
  const located = locateDataDir(context.dataDir, context.env)
  const { path } = located
  const several = path.includes(',') && systemOs.fs.stat(path) === undefined
  const hasProperties = several || hasServerProperties(path)
  if (hasProperties !== true) return { ...located, hasProperties }
  const { locateLogDirs } = await import('../../local/directory/log-dirs.ts')
  const logDirs = locateLogDirs(
    systemOs,
    several ? (context.dataDir ?? context.env.TKAFKA_DATA_DIR) : undefined,
    path,
  )
  return logDirs === undefined ? located : { ...located, path: logDirs.primary, logDirs }
}

/** Which could name further log.dirs. undefined where that cannot be looked at: those who read it tell why. */
function hasServerProperties(path: string): boolean | undefined {
  try {
    return systemOs.fs.stat(`${path}/server.properties`) !== undefined
  } catch {
    return undefined
  }
}

interface NamedServers {
  readonly servers: string
  /** The flag or the file that names them. */
  readonly from: string
  readonly toControllers: boolean
}

/** The cluster that this command line means; undefined: the data directory. */
function clusterAddress(context: CommandContext): NamedServers | undefined {
  const address = namedServers(context)
  if (address === undefined || isDeclaredLocal(address.servers, context.env.TKAFKA_LOCAL_BOOTSTRAP))
    return undefined
  const { servers, from } = address
  if (context.dataDir !== undefined) {
    throw new UsageError(
      `--data-dir ${context.dataDir} and ${from} ${servers} cannot be used together: TKAFKA_LOCAL_BOOTSTRAP does not name that address as the data directory`,
    )
  }
  return address
}

/** Whether this command line means a cluster. @throws UsageError beside --data-dir */
export function meansCluster(context: CommandContext): boolean {
  return clusterAddress(context) !== undefined
}

/** @throws TerseError for what works on files where an address is named */
function requireLocal(context: CommandContext): void {
  const address = clusterAddress(context)
  if (address === undefined) return
  const { servers, from } = address
  throw new TerseError(
    `${from} ${servers} is a cluster, which keeps its files to itself; leave it out to work on the data directory, or set TKAFKA_LOCAL_BOOTSTRAP=${servers} to say that this address is the data directory`,
  )
}

/** Addresses in the command line, else in the files and properties of client settings. */
function namedServers(context: CommandContext): NamedServers | undefined {
  const options = context.options.ofAnyTool
  for (const flag of ['bootstrap-server', 'bootstrap-controller', 'broker-list']) {
    const servers = options.has(flag) ? options.value(flag) : undefined
    // log-dirs and reassign-partitions have ids of brokers in a list of that name.
    const ids = flag === 'broker-list' && servers?.includes(':') === false
    if (servers !== undefined && !ids)
      return { servers, from: `--${flag}`, toControllers: flag === 'bootstrap-controller' }
  }
  for (const flag of ['command-property', 'producer-property', 'consumer-property', 'producer-props']) {
    for (const pair of options.values(flag)) {
      const servers = /^bootstrap\.servers=(.+)$/.exec(pair)?.[1]
      if (servers !== undefined) return { servers, from: `--${flag} bootstrap.servers`, toControllers: false }
    }
  }
  for (const flag of ['command-config', 'producer.config', 'consumer.config', 'admin.config']) {
    const file = options.has(flag) ? options.value(flag) : undefined
    const servers = file === undefined ? undefined : serversInFile(file)
    if (servers !== undefined) return { servers, from: `${file}: bootstrap.servers`, toControllers: false }
  }
  return undefined
}

/** A missing file is reported by the tool that wants it, in the tool's words. */
function serversInFile(file: string): string | undefined {
  let text: string
  try {
    text = systemOs.fs.readUserFile(file).toString('latin1')
  } catch {
    return undefined
  }
  const servers = [
    ...text.matchAll(/^[ \t\f]*bootstrap\.servers[ \t\f]*[=: \t\f][ \t\f]*(.*?)[ \t\r]*$/gm),
  ].at(-1)?.[1]
  return servers === '' ? undefined : servers
}

/** Every address of the list must be declared; localhost, 127.0.0.1 and [::1] are one. */
export function isDeclaredLocal(servers: string, declared: string | undefined): boolean {
  if (declared === undefined) return false
  const local = new Set(addresses(declared))
  const asked = addresses(servers)
  return asked.length > 0 && asked.every((address) => local.has(address))
}

function addresses(list: string): string[] {
  return list
    .split(',')
    .map((address) =>
      address
        .trim()
        .toLowerCase()
        .replace(/^[a-z_]+:\/\//, ''),
    )
    .filter((address) => address !== '')
    .map((address) => address.replace(/^(127\.0\.0\.1|\[::1\]|::1)(?=:\d+$|$)/, 'localhost'))
}

/** The properties file with which a genuine broker boots the data directory. */
export async function bootProperties(context: CommandContext): Promise<string> {
  const { bootProperties: propertiesOf } = await import('../../local/directory/boot-properties.ts')
  const directory = await openDirectory(context)
  try {
    return propertiesOf(directory)
  } finally {
    await directory.close()
  }
}

export type { DirectoryReport }

/** What can be said of the data directory that this command line means; never throws for what it is like. */
export async function openReport(context: CommandContext): Promise<DirectoryReport> {
  requireLocal(context)
  const { reportDirectory } = await import('../../local/admin/directory-report.ts')
  const located = await dataDir(context)
  return reportDirectory(systemOs, located, located.logDirs)
}
