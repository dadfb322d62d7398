/** `tkafka completion`: prints completion scripts for shells, and the names that they ask for. */
import { dirname, join } from 'node:path'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { TerseError, UsageError } from '../errors.ts'
import { systemOs } from '../os/system-os.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'

const SHELLS = ['bash', 'zsh', 'fish']
const NAMES = ['topics', 'groups', 'profiles']

/** Those of the line that is being completed. */
const FLAGS = [BOOTSTRAP_SERVER, COMMAND_CONFIG] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

/** Prints the shell's script; `names` is what the scripts ask while a person types, so it says nothing when it fails. */
export const command = defineCommand({
  name: 'completion',
  takesWords: true,
  addition: true,
  summary: 'Completion for a shell: prints the script for bash, zsh or fish.',
  flags: FLAGS,
  positionals: [
    {
      name: 'shell',
      description: 'bash, zsh or fish.',
    },
  ],
  examples: [
    'source <(tkafka completion bash)',
    'tkafka completion zsh > ~/.zfunc/_tkafka',
    'tkafka completion fish > ~/.config/fish/completions/tkafka.fish',
  ],
  run(context) {
    const [shell = '', kind = ''] = context.options.words
    if (shell === 'names' && NAMES.includes(kind)) return names(context, kind)
    if (!SHELLS.includes(shell)) {
      throw new UsageError(
        `${shell === '' ? 'A shell is missing' : `No completion for ${shell}`}: tkafka completion ${SHELLS.join('|')}`,
        false,
      )
    }
    context.stdout.write(script(shell))
    return 0
  },
})

/** The scripts are made by scripts/make-docs.mjs, and lie beside dist/. */
function script(shell: string): Uint8Array {
  const file = join(dirname(import.meta.url), '..', 'completions', `tkafka.${shell}`)
  try {
    return systemOs.fs.readUserFile(file)
  } catch {
    throw new TerseError(`${file} is missing from this installation`)
  }
}

/** Nobody waits at a prompt for a cluster that does not answer. */
const IN_A_HURRY = { 'default.api.timeout.ms': '1500', 'socket.connection.setup.timeout.ms': '1500' }

async function names(context: Context, kind: string): Promise<number> {
  try {
    if (kind === 'profiles') {
      const { profileNames } = await import('./open/profile.ts')
      for (const name of profileNames(context.env)) context.stdout.line(name)
      return 0
    }
    const { meansCluster, openAdmin, openDirectory } = await import('./open/open-client.ts')
    const ofCluster = meansCluster(context)
    if (kind === 'topics' && !ofCluster) {
      const directory = await openDirectory(context)
      if (directory.exists()) for (const name of directory.image().topics()) context.stdout.line(name)
      return 0
    }
    const admin = await openAdmin(context, ofCluster ? IN_A_HURRY : {})
    try {
      if (kind === 'topics') for (const name of await admin.topicNames()) context.stdout.line(name)
      else for (const { groupId } of await admin.listGroups()) context.stdout.line(groupId)
    } finally {
      await admin.close()
    }
  } catch {
    // Nothing to offer.
  }
  return 0
}
