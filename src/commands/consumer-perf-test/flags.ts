/** Flag rows of consumer-perf-test, in the genuine tool's words. */
import type { Flag } from '../../cli/command.ts'
import { option } from '../../cli/flags.ts'
import { outputFlag } from '../../cli/machine-output.ts'
import { BOOTSTRAP_SERVER } from '../open/common-flags.ts'

export const CONSUMER_PERF_FLAGS = [
  BOOTSTRAP_SERVER,
  option('topic', 'topic', 'The topic to consume from.'),
  option(
    'include',
    'Java regex (String)',
    'Regular expression specifying list of topics to include for consumption.',
  ),
  option(
    'group',
    'gid',
    'The group id to consume on; its offsets are committed. (default: no group, and nothing is committed)',
  ),
  option('fetch-size', 'size', 'The maximum amount of data to fetch from a single partition per request.', {
    type: 'int',
    default: '1048576',
  }),
  option(
    'command-property',
    'prop1=val1',
    'Kafka consumer related configuration properties like client.id. These configs take precedence over those passed via --command-config or --consumer.config.',
    { repeatable: true },
  ),
  {
    name: 'from-latest',
    description:
      'If the consumer does not already have an established offset to consume from, start with the latest record present in the log rather than the earliest record.',
  },
  option('socket-buffer-size', 'size', 'The size of the tcp RECV size. Without a network it has no effect.', {
    type: 'int',
    default: '2097152',
  }),
  option('consumer.config', 'config file', 'Consumer config properties file.', {
    deprecated: 'command-config',
  }),
  option('command-config', 'config file', 'Config properties file.'),
  { name: 'print-metrics', noEffect: true, description: 'Print out the metrics. A data directory has none.' },
  {
    name: 'show-detailed-stats',
    description:
      'If set, stats are reported for each reporting interval as configured by reporting-interval.',
  },
  {
    name: 'timeout',
    arg: 'optional',
    argName: 'milliseconds',
    type: 'long',
    default: '10000',
    description: 'The maximum allowed time in milliseconds between returned records.',
  },
  option('messages', 'count', 'The number of records to consume.', {
    type: 'long',
    deprecated: 'num-records',
  }),
  option('num-records', 'count', 'REQUIRED: The number of records to consume.', { type: 'long' }),
  option('reporting-interval', 'interval_ms', 'Interval in milliseconds at which to print progress info.', {
    type: 'long',
    default: '5000',
  }),
  option(
    'date-format',
    'date format',
    'The date format to use for formatting the time field. See java.text.SimpleDateFormat for options.',
    { default: 'yyyy-MM-dd HH:mm:ss:SSS' },
  ),
  { name: 'hide-header', description: 'If set, skips printing the header for the stats.' },
  outputFlag,
] as const satisfies readonly Flag[]
