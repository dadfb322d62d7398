/**
 * `--profile NAME`: settings of a cluster or of a directory by name, from NAME.properties in the user's config folder. They count as
 * if the file had been named with --command-config. Never taken unless named; loaded only then.
 */
import { isAbsolute, join } from 'node:path'
import type { Command, Flag } from '../../cli/command.ts'
import type { Occurrence, ParsedOptions } from '../../cli/options.ts'
import { TerseError, UsageError } from '../../errors.ts'
import { noSuch } from '../../names/near-names.ts'
import { isMissing } from '../../os/error-code.ts'
import { systemOs } from '../../os/system-os.ts'
import { propertiesFile } from './client-properties.ts'
import { BOOTSTRAP_SERVER } from './common-flags.ts'

type Env = Readonly<Record<string, string | undefined>>

const SUFFIX = '.properties'
/** A directory in place of a cluster; not one of Kafka's settings. */
const DATA_DIR = 'data.dir'
const SERVERS = 'bootstrap.servers'
/** Settings that hold what nobody else is to read. */
const SECRET = /password|secret|^sasl\.jaas\.config$|^ssl\.keystore\.key$/
/** Where else a command line says what to work on. */
const ADDRESSES = ['bootstrap-server', 'bootstrap-controller', 'data-dir']
const SETTINGS_FILES = ['command-config', 'producer.config', 'consumer.config', 'admin.config', 'config']

/** $XDG_CONFIG_HOME/tkafka, else ~/.config/tkafka. @throws TerseError where neither says where */
function folder(env: Env): string {
  const xdg = env.XDG_CONFIG_HOME
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'tkafka')
  const home = env.HOME ?? (process.platform === 'win32' ? env.USERPROFILE : undefined)
  if (home !== undefined && isAbsolute(home)) return join(home, '.config/tkafka')
  throw new TerseError('--profile: no folder of profiles, as HOME is not set (nor XDG_CONFIG_HOME)')
}

/** Those that there are, sorted. */
export function profileNames(env: Env): string[] {
  try {
    const files = systemOs.fs.readdir(folder(env)).filter((name) => name.endsWith(SUFFIX))
    return files.map((name) => name.slice(0, -SUFFIX.length)).sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/**
 * The command line as if it named the profile's file, and its directory.
 * @throws UsageError beside another file of settings; TerseError for a profile that is none, or whose passwords others can read
 */
export async function withProfile(
  command: Command,
  options: ParsedOptions,
  env: Env,
): Promise<ParsedOptions> {
  const name = options.value('profile') ?? ''
  const other = SETTINGS_FILES.find((flag) => options.has(flag))
  if (other !== undefined) {
    throw new UsageError(
      `--profile ${name} and --${other} cannot be used together: both are a file of settings`,
      false,
    )
  }
  const file = fileOf(name, env)
  const settings = await propertiesFile(file)
  if ([...settings.keys()].some((setting) => SECRET.test(setting))) refuseReaders(file)
  const rows = [...command.flags, ...(command.subcommands ?? []).flatMap(({ flags }) => flags)]
  const rowOf = (flag: string): Flag | undefined => rows.find((row) => row.name === flag)
  const more: Occurrence[] = []
  const settingsRow = rowOf('command-config')
  if (settingsRow !== undefined) more.push({ flag: settingsRow, value: file })
  const place = placeOf(file, settings, env)
  if (!ADDRESSES.some((flag) => options.has(flag))) {
    if (place === undefined) {
      throw new TerseError(`${file} names neither ${SERVERS} nor ${DATA_DIR}: profile ${name} leads nowhere`)
    }
    // A tool that reads settings finds the servers among them.
    if (place.isDirectory) more.push({ flag: DATA_DIR_ROW, value: place.text })
    else if (settingsRow === undefined) more.push({ flag: BOOTSTRAP_SERVER, value: place.text })
  }
  return options.with(more)
}

const DATA_DIR_ROW: Flag = { name: 'data-dir', arg: 'required', description: '' }

/** @throws TerseError that tells the names that there are */
function fileOf(name: string, env: Env): string {
  const names = profileNames(env)
  const dir = folder(env)
  const file = join(dir, name + SUFFIX)
  if (names.includes(name)) {
    // A pipe would be waited for, without a word.
    if (systemOs.fs.stat(file)?.isFile() !== true) throw new TerseError(`${file} is no regular file`)
    return file
  }
  const all = names.length === 0 ? `${dir} has none` : `${dir} has ${names.join(', ')}`
  throw new TerseError(`${noSuch('profile', name, names)} ${all}.`)
}

function placeOf(
  file: string,
  settings: ReadonlyMap<string, string>,
  env: Env,
): { readonly text: string; readonly isDirectory: boolean } | undefined {
  const servers = settings.get(SERVERS)
  const dir = settings.get(DATA_DIR)
  if (servers && dir) throw new TerseError(`${file} names both ${SERVERS} and ${DATA_DIR}: leave one out`)
  if (servers) return { text: servers, isDirectory: false }
  if (!dir) return undefined
  const path = dir.startsWith('~/') && env.HOME ? join(env.HOME, dir.slice(2)) : dir
  // A relative one would be another directory wherever one stands.
  if (!isAbsolute(path)) throw new TerseError(`${file}: ${DATA_DIR}=${dir} is no absolute path`)
  return { text: path, isDirectory: true }
}

/** @throws TerseError where others can read it, as ssh does of a key */
function refuseReaders(file: string): void {
  const mode = systemOs.fs.stat(file)?.mode ?? 0
  if (process.platform === 'win32' || (mode & 0o044) === 0) return
  throw new TerseError(`${file} holds passwords, and others can read it: chmod 600 ${file}`)
}
