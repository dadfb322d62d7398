import type { Flag } from '../../cli/command.ts'

/** Flags that nearly every tool shares, so that their words are the same everywhere. */
export const BOOTSTRAP_SERVER: Flag = {
  name: 'bootstrap-server',
  arg: 'required',
  argName: 'server to connect to',
  description:
    'The Kafka server to connect to. Without it the tool works on the data directory; an address named in TKAFKA_LOCAL_BOOTSTRAP is the data directory.',
}

export const BOOTSTRAP_CONTROLLER: Flag = {
  name: 'bootstrap-controller',
  arg: 'required',
  argName: 'controller to connect to',
  description: 'The Kafka controllers to connect to. A data directory has none.',
}

export const COMMAND_CONFIG: Flag = {
  name: 'command-config',
  arg: 'required',
  argName: 'command config property file',
  description: 'Property file containing configs of the client.',
}
