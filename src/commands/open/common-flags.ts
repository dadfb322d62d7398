/** Flags that nearly every tool shares. */
import type { Flag } from '../../cli/command.ts'

/** Flags that nearly every tool shares, so that their words are the same everywhere. */
export const BOOTSTRAP_SERVER = {
  name: 'bootstrap-server',
  arg: 'required',
  argName: 'server to connect to',
  description:
    'The Kafka server to connect to. Without it the tool works on the data directory; an address named in TKAFKA_LOCAL_BOOTSTRAP is the data directory.',
} as const satisfies Flag

export const BOOTSTRAP_CONTROLLER = {
  name: 'bootstrap-controller',
  arg: 'required',
  argName: 'controller to connect to',
  description: 'The Kafka controllers to connect to. A data directory has none.',
} as const satisfies Flag

export const COMMAND_CONFIG = {
  name: 'command-config',
  arg: 'required',
  argName: 'command config property file',
  description: 'Property file containing configs of the client.',
} as const satisfies Flag
