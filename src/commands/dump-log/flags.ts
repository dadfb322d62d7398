/** The flags of dump-log. */
import type { Flag } from '../../cli/command.ts'
import { outputFlag } from '../../cli/machine-output.ts'
import { STRING_DECODER } from './decoders/class-decoder.ts'

const decoderClass = <const Name extends string>(name: Name, what: string): Flag<Name> => ({
  name,
  arg: 'optional',
  argName: 'class',
  default: STRING_DECODER,
  description: `If set, used to deserialize the ${what}: DefaultDecoder, StringDecoder, IntegerDecoder, LongDecoder or DoubleDecoder of org.apache.kafka.tools.api.`,
})

export const DUMP_LOG_FLAGS = [
  {
    name: 'files',
    arg: 'required',
    argName: 'file1, file2, ...',
    description: 'REQUIRED: The comma separated list of data and index log files to be dumped.',
  },
  {
    name: 'print-data-log',
    description:
      'If set, printing the messages content when dumping data logs. Automatically set if any decoder option is specified.',
  },
  {
    name: 'deep-iteration',
    description:
      'If set, uses deep instead of shallow iteration. Automatically set if print-data-log is enabled.',
  },
  {
    name: 'skip-record-metadata',
    description: 'Skip metadata when printing records. This flag also skips control records.',
  },
  {
    name: 'max-bytes',
    arg: 'required',
    argName: 'size',
    type: 'int',
    default: '2147483647',
    description: 'Limit the amount of total batches read in bytes avoiding reading the whole .log file(s).',
  },
  {
    name: 'max-message-size',
    arg: 'required',
    argName: 'size',
    type: 'int',
    default: '5242880',
    description: 'Size of largest message.',
  },
  {
    name: 'index-sanity-check',
    description:
      'If set, just checks the index sanity without printing its content. This is the same check that is executed on broker startup to determine if an index needs rebuilding or not.',
  },
  {
    name: 'verify-index-only',
    description: 'If set, just verify the index log without printing its content.',
  },
  decoderClass('key-decoder-class', 'keys'),
  decoderClass('value-decoder-class', 'messages'),
  {
    name: 'offsets-decoder',
    description: 'If set, log data will be parsed as offset data from the __consumer_offsets topic.',
  },
  {
    name: 'transaction-log-decoder',
    description:
      'If set, log data will be parsed as transaction metadata from the __transaction_state topic.',
  },
  {
    name: 'cluster-metadata-decoder',
    description: 'If set, log data will be parsed as cluster metadata records.',
  },
  {
    name: 'share-group-state-decoder',
    description:
      'If set, log data will be parsed as share group state data from the __share_group_state topic.',
  },
  {
    name: 'remote-log-metadata-decoder',
    description:
      'If set, log data will be parsed as TopicBasedRemoteLogMetadataManager (RLMM) metadata records. Instead, the value-decoder-class option can be used if a custom RLMM implementation is configured.',
  },
  outputFlag,
] as const satisfies readonly Flag[]
