/** The two sides of a copy: a directory or a cluster each, opened as any tool opens its own. */
import type { CommandContext } from '../../cli/command.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { BatchSink } from '../../client/batch-sink.ts'
import type { Consumer, ConsumerOptions } from '../../client/consumer.ts'
import { TerseError, UsageError } from '../../errors.ts'
import { systemOs } from '../../os/system-os.ts'
import { propertiesFile } from '../open/client-properties.ts'

export type SideFlags = 'from-dir' | 'from-server' | 'from-config' | 'to-dir' | 'to-server' | 'to-config'

export interface Side {
  /** As the user named it. */
  readonly name: string
  readonly isCluster: boolean
  readonly admin: Admin
  /** Of the cluster that it is, or that it belongs to; `-`: it has none. */
  readonly clusterId: string
  consumer(options: ConsumerOptions): Promise<Consumer>
  sink(): Promise<BatchSink>
}

interface Place {
  readonly dir: string | undefined
  readonly servers: string | undefined
  readonly config: string | undefined
}

/** @throws UsageError for sides that are none, or one and the same */
export async function openSides(context: CommandContext<SideFlags>): Promise<{ from: Side; to: Side }> {
  if (context.dataDir !== undefined)
    throw new UsageError('--data-dir is no side of a copy: say --from-dir or --to-dir', false)
  const from = placeOf(context, 'from')
  const to = placeOf(context, 'to')
  if (from.dir !== undefined && systemOs.fs.stat(from.dir) === undefined)
    throw new TerseError(`--from-dir ${from.dir}: there is no such directory`)
  if (from.dir !== undefined && to.dir !== undefined && isSameFolder(from.dir, to.dir))
    throw new UsageError(`--from-dir ${from.dir} and --to-dir ${to.dir} are the same directory`, false)
  const source = await openSide(context, from)
  try {
    return { from: source, to: await openSide(context, to) }
  } catch (error) {
    await source.admin.close()
    throw error
  }
}

function placeOf({ options }: CommandContext<SideFlags>, side: 'from' | 'to'): Place {
  const dir = options.value(`${side}-dir`)
  const servers = options.value(`${side}-server`)
  const config = options.value(`${side}-config`)
  if (dir === undefined && servers === undefined)
    throw new UsageError(`say where to copy ${side}: --${side}-dir DIR or --${side}-server HOST:PORT`, false)
  if (dir !== undefined && servers !== undefined)
    throw new UsageError(
      `--${side}-dir ${dir} and --${side}-server ${servers} cannot be used together`,
      false,
    )
  if (dir !== undefined && config !== undefined)
    throw new UsageError(
      `--${side}-config is for a cluster; a directory has its server.properties in it`,
      false,
    )
  if (dir === '') throw new UsageError(`--${side}-dir needs a directory`, false)
  return { dir, servers, config }
}

function isSameFolder(a: string, b: string): boolean {
  const [one, other] = [systemOs.fs.stat(a), systemOs.fs.stat(b)]
  if (one === undefined || other === undefined) return false
  return one.ino === other.ino && one.dev === other.dev
}

async function openSide(context: CommandContext, { dir, servers, config }: Place): Promise<Side> {
  const { openAdmin, openBatchSink, openConsumer, meansCluster } = await import('../open/open-client.ts')
  const settings = config === undefined ? {} : Object.fromEntries(await propertiesFile(config))
  const own = contextOf(context, { dir, servers, config })
  const isCluster = meansCluster(own)
  const admin = await openAdmin(own)
  try {
    const { clusterId } = await admin.describeCluster()
    return {
      name: dir ?? servers ?? '',
      isCluster,
      admin,
      clusterId: clusterId === '' ? '-' : clusterId,
      consumer: (options) => openConsumer(own, { ...options, config: { ...settings, ...options.config } }),
      sink: () => openBatchSink(own, settings),
    }
  } catch (error) {
    await admin.close()
    throw error
  }
}

/** The same command line as if it were about this side alone. */
function contextOf(context: CommandContext, { dir, servers, config }: Place): CommandContext {
  const values = new Map<string, string>()
  if (servers !== undefined) values.set('bootstrap-server', servers)
  if (config !== undefined) values.set('command-config', config)
  const { options, command, env, stdout, stderr, stdin, stdinIsTerminal, signal } = context
  const ofAnyTool = {
    ...options.ofAnyTool,
    has: (name: string) => values.has(name),
    value: (name: string) => values.get(name),
    values: (name: string) => [...values].filter(([key]) => key === name).map(([, value]) => value),
  }
  return {
    command,
    options: { ...options, ofAnyTool },
    dataDir: dir,
    env,
    stdout,
    stderr,
    stdin,
    stdinIsTerminal,
    signal,
    interrupted: false,
    handleSignals: () => {},
    watchReader: () => {},
  }
}
