/** The flags of console-producer. */
import type { Flag, FlagName, ToolContext } from '../../cli/command.ts'

const PROPERTIES = `A mechanism to pass user-defined properties in the form key=value to the message reader. This allows custom configuration for a user-defined message reader.
Default properties include:
 parse.key=false
 parse.headers=false
 ignore.error=false
 key.separator=\\t
 headers.delimiter=\\t
 headers.separator=,
 headers.key.separator=:
 null.marker=   When set, any fields (key, value and headers) equal to this will be replaced by null
Default parsing pattern when:
 parse.headers=true and parse.key=true:
  "h1:v1,h2:v2...\\tkey\\tvalue"
 parse.key=true:
  "key\\tvalue"
 parse.headers=true:
  "h1:v1,h2:v2...\\tvalue"`

/** Flags of the genuine tool, 4.3, and `--partition`. */
export const CONSOLE_PRODUCER_FLAGS = [
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    description: 'REQUIRED: The topic name to produce messages to.',
  },
  {
    name: 'bootstrap-server',
    arg: 'required',
    argName: 'server to connect to',
    description:
      'The server(s) to connect to. The broker list string in the form HOST1:PORT1,HOST2:PORT2. Without it the tool works on the data directory; an address named in TKAFKA_LOCAL_BOOTSTRAP is the data directory.',
  },
  {
    name: 'sync',
    description:
      'If set message send requests to the brokers are synchronously, one at a time as they arrive.',
  },
  {
    name: 'compression-codec',
    arg: 'optional',
    argName: 'compression-codec',
    description:
      "The compression codec: either 'none', 'gzip', 'snappy', 'lz4', or 'zstd'. If specified without value, then it defaults to 'gzip'",
  },
  {
    name: 'batch-size',
    arg: 'required',
    argName: 'size',
    type: 'int',
    default: '16384',
    description:
      'The buffer size in bytes allocated for a partition. When records are received which are smaller than this size the producer will attempt to optimistically group them together until this size is reached. This is the option to control batch.size in producer configs. Please note that this option will be replaced if max-partition-memory-bytes is also set.',
  },
  {
    name: 'message-send-max-retries',
    arg: 'required',
    type: 'int',
    default: '3',
    description:
      'Brokers can fail receiving the message for multiple reasons, and being unavailable transiently is just one of them. This property specifies the number of retries before the producer give up and drop this message. This is the option to control `retries` in producer configs.',
  },
  {
    name: 'retry-backoff-ms',
    arg: 'required',
    type: 'long',
    default: '100',
    description:
      'Before each retry, the producer refreshes the metadata of relevant topics. Since leader election takes a bit of time, this property specifies the amount of time that the producer waits before refreshing the metadata. This is the option to control `retry.backoff.ms` in producer configs.',
  },
  {
    name: 'timeout',
    arg: 'required',
    argName: 'timeout_ms',
    type: 'long',
    default: '1000',
    description:
      'If set and the producer is running in asynchronous mode, this gives the maximum amount of time a message will queue awaiting sufficient batch size. The value is given in ms. This is the option to control `linger.ms` in producer configs.',
  },
  {
    name: 'request-required-acks',
    arg: 'required',
    argName: 'request required acks',
    default: '-1',
    description: 'The required `acks` of the producer requests',
  },
  {
    name: 'request-timeout-ms',
    arg: 'required',
    argName: 'request timeout ms',
    type: 'int',
    default: '1500',
    description: 'The ack timeout of the producer requests. Value must be non-negative and non-zero.',
  },
  {
    name: 'metadata-expiry-ms',
    arg: 'required',
    argName: 'metadata expiration interval',
    type: 'long',
    default: '300000',
    description:
      "The period of time in milliseconds after which we force a refresh of metadata even if we haven't seen any leadership changes. This is the option to control `metadata.max.age.ms` in producer configs.",
  },
  {
    name: 'max-block-ms',
    arg: 'required',
    argName: 'max block on send',
    type: 'long',
    default: '60000',
    description: 'The max time that the producer will block for during a send request.',
  },
  {
    name: 'max-memory-bytes',
    arg: 'required',
    argName: 'total memory in bytes',
    type: 'long',
    default: '33554432',
    description:
      'The total memory used by the producer to buffer records waiting to be sent to the server. This is the option to control `buffer.memory` in producer configs.',
  },
  {
    name: 'max-partition-memory-bytes',
    arg: 'required',
    argName: 'memory in bytes per partition',
    type: 'int',
    default: '16384',
    deprecated: 'batch-size',
    description:
      '(Deprecated) The buffer size in bytes allocated for a partition. When records are received which are smaller than this size the producer will attempt to optimistically group them together until this size is reached. This is the option to control batch.size in producer configs. This option will be removed in Apache Kafka 5.0. Use --batch-size instead.',
  },
  {
    name: 'line-reader',
    arg: 'required',
    argName: 'reader_class',
    default: 'org.apache.kafka.tools.LineMessageReader',
    description:
      'The class name of the class to use for reading lines from standard in. By default each line is read as a separate message.',
  },
  {
    name: 'socket-buffer-size',
    arg: 'required',
    argName: 'size',
    type: 'int',
    default: '102400',
    description:
      'The size of the tcp RECV size. This is the option to control `send.buffer.bytes` in producer configs.',
  },
  {
    name: 'property',
    arg: 'required',
    argName: 'prop',
    repeatable: true,
    deprecated: 'reader-property',
    description: `(DEPRECATED) ${PROPERTIES}\n This option will be removed in a future version. Use --reader-property instead.`,
  },
  {
    name: 'reader-property',
    arg: 'required',
    argName: 'prop',
    repeatable: true,
    description: PROPERTIES,
  },
  {
    name: 'reader-config',
    arg: 'required',
    argName: 'config file',
    description:
      'Config properties file for the message reader. Note that [reader-property] takes precedence over this config.',
  },
  {
    name: 'producer-property',
    arg: 'required',
    argName: 'producer_prop',
    repeatable: true,
    deprecated: 'command-property',
    description:
      '(DEPRECATED) Producer config properties in the form key=value. This option will be removed in a future version. Use --command-property instead.',
  },
  {
    name: 'command-property',
    arg: 'required',
    argName: 'producer_prop',
    repeatable: true,
    description: 'Producer config properties in the form key=value.',
  },
  {
    name: 'producer.config',
    arg: 'required',
    argName: 'config file',
    deprecated: 'command-config',
    description:
      '(DEPRECATED) Producer config properties file. Note that [command-property] takes precedence over this config. This option will be removed in a future version. Use --command-config instead.',
  },
  {
    name: 'command-config',
    arg: 'required',
    argName: 'config file',
    description:
      'Producer config properties file. Note that [command-property] takes precedence over this config.',
  },
  {
    name: 'transaction',
    addition: true,
    description:
      'All lines or none: nobody who reads committed records sees any of them before the last one came, and none where a line, the source, the disk fails or a signal comes. Behind -- the command whose output the lines are: it must end with 0.',
  },
  {
    name: 'transactional-id',
    arg: 'required',
    argName: 'transactional id',
    addition: true,
    description:
      'With --transaction: the id, by which a later run ends what this one left. Default: a new one.',
  },
  {
    name: 'transaction-duration-ms',
    arg: 'required',
    argName: 'duration in ms',
    type: 'long',
    addition: true,
    description: 'With --transaction: after so long the transaction is committed, and the next one begins.',
  },
  {
    name: 'transaction-records',
    arg: 'required',
    argName: 'lines',
    type: 'long',
    addition: true,
    description: 'With --transaction: so many lines in each transaction.',
  },
  {
    name: 'partition',
    arg: 'required',
    argName: 'partition',
    type: 'int',
    addition: true,
    description: 'The partition to produce to, whatever the key. Without it the partitioner chooses.',
  },
  {
    name: 'input',
    arg: 'required',
    argName: 'lines|jsonl',
    addition: true,
    description:
      'jsonl: each line is a record as console-consumer --output jsonl writes it, with its key, value, headers and timestamp; {"value":"x"} is enough. Default: lines, as in Kafka.',
  },
  {
    name: 'keep-partition',
    addition: true,
    description: 'With --input jsonl: each record goes to the partition that its line names.',
  },
] as const satisfies readonly Flag[]

export type ConsoleProducerFlag = FlagName<typeof CONSOLE_PRODUCER_FLAGS>
export type Context = ToolContext<typeof CONSOLE_PRODUCER_FLAGS>
