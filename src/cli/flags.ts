/** The flags that every tool has, and the table of a tool's flags by name. */
import type { Flag } from './command.ts'

/** Rows that every tool has. */
export const COMMON_FLAGS = [
  { name: 'help', description: 'Print usage information.' },
  { name: 'version', description: 'Display Kafka version.' },
  { name: 'help-json', description: 'Print the flags as JSON.', addition: true },
  {
    name: 'data-dir',
    arg: 'required',
    argName: 'directory',
    description: 'The Kafka log directory to work on (else TKAFKA_DATA_DIR, else the per-user default).',
    addition: true,
  },
  {
    name: 'profile',
    arg: 'required',
    argName: 'name',
    description:
      "Settings by name: those of NAME.properties in the folder tkafka of the user's configuration (~/.config), a cluster's bootstrap.servers or a directory's data.dir among them.",
    addition: true,
  },
] as const satisfies readonly Flag[]

/** A row of a flag with a value. */
export function option<const Name extends string>(
  name: Name,
  argName: string,
  description: string,
  more: Omit<Partial<Flag>, 'name'> = {},
): Flag<Name> {
  return { name, arg: 'required', argName, description, ...more }
}

/** The tool's rows and the common ones, by name. */
export function flagsByName(flags: readonly Flag[]): Map<string, Flag> {
  const byName = new Map<string, Flag>()
  for (const flag of flags) byName.set(flag.name, flag)
  for (const flag of COMMON_FLAGS) if (!byName.has(flag.name)) byName.set(flag.name, flag)
  return byName
}
