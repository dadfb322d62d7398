/** The flags of console-consumer. */
import type { Flag, FlagName, ToolContext } from '../../cli/command.ts'
import { DEFAULT_MESSAGE_FORMATTER } from '../formatters/formatter-loader.ts'
import { BOOTSTRAP_SERVER } from '../open/common-flags.ts'
import { ADDED_FLAGS } from './added-flags.ts'

const FORMATTER_PROPERTIES =
  'Default properties include: print.timestamp=true|false, print.key=true|false, print.offset=true|false, ' +
  'print.epoch=true|false, print.partition=true|false, print.headers=true|false, print.value=true|false, ' +
  'key.separator=<key.separator>, line.separator=<line.separator>, headers.separator=<headers.separator>, ' +
  'null.literal=<null.literal>, key.deserializer=<key.deserializer>, value.deserializer=<value.deserializer>, ' +
  "headers.deserializer=<headers.deserializer>. Properties with the prefixes 'key.deserializer.', " +
  "'value.deserializer.' and 'headers.deserializer.' configure the deserializers."

export const CONSOLE_CONSUMER_FLAGS = [
  BOOTSTRAP_SERVER,
  { name: 'topic', arg: 'required', argName: 'topic', description: 'The topic to consume from.' },
  {
    name: 'include',
    arg: 'required',
    argName: 'Java regex (String)',
    description: 'Regular expression specifying list of topics to include for consumption.',
  },
  {
    name: 'partition',
    arg: 'required',
    argName: 'partition',
    type: 'int',
    description:
      "The partition to consume from. Consumption starts from the end of the partition unless '--offset' is specified.",
  },
  {
    name: 'offset',
    arg: 'required',
    argName: 'consume offset',
    default: 'latest',
    description:
      "The offset to consume from (a non-negative number), or 'earliest' which means from beginning, or 'latest' which means from end",
  },
  {
    name: 'from-beginning',
    description:
      'If the consumer does not already have an established offset to consume from, start with the earliest message present in the log rather than the latest message.',
  },
  {
    name: 'max-messages',
    arg: 'required',
    argName: 'num_messages',
    type: 'int',
    description:
      'The maximum number of messages to consume before exiting. If not set, consumption is continual.',
  },
  {
    name: 'timeout-ms',
    arg: 'required',
    argName: 'timeout_ms',
    type: 'long',
    description: 'If specified, exit if no message is available for consumption for the specified interval.',
  },
  {
    name: 'until-end',
    addition: true,
    description: 'Read to the ends of the partitions as they are at the start, then exit with status 0.',
  },
  {
    name: 'group',
    arg: 'required',
    argName: 'consumer group id',
    description: 'The consumer group id of the consumer.',
  },
  {
    name: 'isolation-level',
    arg: 'required',
    default: 'read_uncommitted',
    description:
      'Set to read_committed in order to filter out transactional messages which are not committed. Set to read_uncommitted to read all messages.',
  },
  {
    name: 'formatter',
    arg: 'required',
    argName: 'class',
    default: DEFAULT_MESSAGE_FORMATTER,
    description: 'The name of a class to use for formatting kafka messages for display.',
  },
  {
    name: 'formatter-property',
    arg: 'required',
    argName: 'prop',
    repeatable: true,
    description: `The properties to initialize the message formatter. ${FORMATTER_PROPERTIES}`,
  },
  {
    name: 'property',
    arg: 'required',
    argName: 'prop',
    repeatable: true,
    deprecated: 'formatter-property',
    description: 'The properties to initialize the message formatter.',
  },
  {
    name: 'formatter-config',
    arg: 'required',
    argName: 'config file',
    description:
      'Config properties file to initialize the message formatter. Note that [formatter-property] takes precedence over this config.',
  },
  {
    name: 'key-deserializer',
    arg: 'required',
    argName: 'deserializer for keys',
    description: 'The name of the class to use for deserializing keys.',
  },
  {
    name: 'value-deserializer',
    arg: 'required',
    argName: 'deserializer for values',
    description: 'The name of the class to use for deserializing values.',
  },
  {
    name: 'skip-message-on-error',
    description: 'If there is an error when processing a message, skip it instead of halt.',
  },
  {
    name: 'skip-corrupt',
    addition: true,
    description:
      'Go on behind a corrupt batch instead of ending its partition; the exit status is 1 all the same.',
  },
  {
    name: 'enable-systest-events',
    description:
      'Log lifecycle events of the consumer in addition to logging consumed messages. (This is specific for system tests.)',
  },
  {
    name: 'command-property',
    arg: 'required',
    argName: 'consumer_prop',
    repeatable: true,
    description: 'Consumer config properties in the form key=value.',
  },
  {
    name: 'command-config',
    arg: 'required',
    argName: 'config file',
    description:
      'Consumer config properties file. Note that [command-property] takes precedence over this config.',
  },
  {
    name: 'consumer-property',
    arg: 'required',
    argName: 'consumer_prop',
    repeatable: true,
    deprecated: 'command-property',
    description: 'Consumer config properties in the form key=value.',
  },
  {
    name: 'consumer.config',
    arg: 'required',
    argName: 'config file',
    deprecated: 'command-config',
    description:
      'Consumer config properties file. Note that [command-property] takes precedence over this config.',
  },
  ...ADDED_FLAGS,
] as const satisfies readonly Flag[]

export type ConsoleConsumerFlag = FlagName<typeof CONSOLE_CONSUMER_FLAGS>
export type Context = ToolContext<typeof CONSOLE_CONSUMER_FLAGS>
