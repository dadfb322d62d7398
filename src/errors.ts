/**
 * Kafka's errors as data, and the errors that a person sees as one line.
 * Source of names, codes and texts: the Errors table of Kafka's protocol.
 */

/** A failure that a user can understand and act on: printed as one line, never with a stack. */
export class TerseError extends Error {
  override name = 'TerseError'
}

/** Wrong usage: printed as one line (with the tool's usage where the genuine tool prints it), exit 1. */
export class UsageError extends TerseError {
  override name = 'UsageError'
  /** False: the message alone, as the genuine tools do for values that a flag's type refuses. */
  readonly showUsage: boolean

  constructor(message: string, showUsage = true) {
    super(message)
    this.showUsage = showUsage
  }
}

/** Stored bytes that are not what they should be. Always says where. */
export class CorruptRecordError extends TerseError {
  override name = 'CorruptRecordError'
  /** File the bytes are in, if known where it was thrown; callers that know add it with `inFile`. */
  readonly file: string | undefined
  /** Byte position in the file (or buffer). */
  readonly position: number
  readonly detail: string

  constructor(detail: string, position: number, file?: string) {
    super(
      file === undefined
        ? `${detail} (at position ${position})`
        : `${file}: ${detail} (at position ${position})`,
    )
    this.detail = detail
    this.position = position
    this.file = file
  }

  /** The same error with the file named and the position counted from the file's start. */
  inFile(file: string, basePosition = 0): CorruptRecordError {
    return new CorruptRecordError(this.detail, basePosition + this.position, file)
  }
}

/** One of Kafka's protocol errors, under its Kafka name. */
export class KafkaError extends TerseError {
  override name = 'KafkaError'
  readonly code: KafkaErrorName

  constructor(code: KafkaErrorName, message?: string) {
    super(message ?? KAFKA_ERRORS[code].message)
    this.code = code
  }

  get exceptionName(): string {
    return KAFKA_ERRORS[this.code].exception
  }

  get retriable(): boolean {
    return KAFKA_ERRORS[this.code].retriable
  }
}

interface KafkaErrorRow {
  readonly code: number
  /** Simple name of the Java exception class, as it stands in the genuine tools' texts. */
  readonly exception: string
  readonly retriable: boolean
  readonly message: string
}

const row = (code: number, exception: string, message: string, retriable = false): KafkaErrorRow => ({
  code,
  exception,
  retriable,
  message,
})

/** The rows that a local directory can meet; add a row when a new one is needed. */
export const KAFKA_ERRORS = {
  UNKNOWN_SERVER_ERROR: row(
    -1,
    'UnknownServerException',
    'The server experienced an unexpected error when processing the request.',
  ),
  OFFSET_OUT_OF_RANGE: row(
    1,
    'OffsetOutOfRangeException',
    'The requested offset is not within the range of offsets maintained by the server.',
  ),
  CORRUPT_MESSAGE: row(
    2,
    'CorruptRecordException',
    'This message has failed its CRC checksum, exceeds the valid size, has a null key for a compacted topic, or is otherwise corrupt.',
    true,
  ),
  UNKNOWN_TOPIC_OR_PARTITION: row(
    3,
    'UnknownTopicOrPartitionException',
    'This server does not host this topic-partition.',
    true,
  ),
  MESSAGE_TOO_LARGE: row(
    10,
    'RecordTooLargeException',
    'The request included a message larger than the max message size the server will accept.',
  ),
  INVALID_TOPIC_EXCEPTION: row(
    17,
    'InvalidTopicException',
    'The request attempted to perform an operation on an invalid topic.',
  ),
  OFFSET_METADATA_TOO_LARGE: row(
    12,
    'OffsetMetadataTooLarge',
    'The committing offset data size is not valid.',
  ),
  RECORD_LIST_TOO_LARGE: row(
    18,
    'RecordBatchTooLargeException',
    'The request included message batch larger than the configured segment size on the server.',
  ),
  INCONSISTENT_GROUP_PROTOCOL: row(
    23,
    'InconsistentGroupProtocolException',
    "The group member's supported protocols are incompatible with those of existing members or first group member tried to join with empty protocol type or empty protocol list.",
  ),
  INVALID_GROUP_ID: row(24, 'InvalidGroupIdException', 'The group id is invalid.'),
  UNKNOWN_MEMBER_ID: row(25, 'UnknownMemberIdException', 'The coordinator is not aware of this member.'),
  UNSUPPORTED_VERSION: row(35, 'UnsupportedVersionException', 'The version of API is not supported.'),
  INVALID_TIMESTAMP: row(
    32,
    'InvalidTimestampException',
    'The timestamp of the message is out of acceptable range.',
  ),
  TOPIC_ALREADY_EXISTS: row(36, 'TopicExistsException', 'Topic with this name already exists.'),
  INVALID_PARTITIONS: row(37, 'InvalidPartitionsException', 'Number of partitions is below 1.'),
  INVALID_REPLICATION_FACTOR: row(
    38,
    'InvalidReplicationFactorException',
    'Replication factor is below 1 or larger than the number of available brokers.',
  ),
  INVALID_REPLICA_ASSIGNMENT: row(39, 'InvalidReplicaAssignmentException', 'Replica assignment is invalid.'),
  INVALID_CONFIG: row(40, 'InvalidConfigurationException', 'Configuration is invalid.'),
  INVALID_REQUEST: row(
    42,
    'InvalidRequestException',
    'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.',
  ),
  POLICY_VIOLATION: row(
    44,
    'PolicyViolationException',
    'Request parameters do not satisfy the configured policy.',
  ),
  OUT_OF_ORDER_SEQUENCE_NUMBER: row(
    45,
    'OutOfOrderSequenceException',
    'The broker received an out of order sequence number.',
  ),
  DUPLICATE_SEQUENCE_NUMBER: row(
    46,
    'DuplicateSequenceException',
    'The broker received a duplicate sequence number.',
  ),
  INVALID_PRODUCER_EPOCH: row(
    47,
    'InvalidProducerEpochException',
    'Producer attempted to produce with an old epoch.',
  ),
  TRANSACTION_COORDINATOR_FENCED: row(
    52,
    'TransactionCoordinatorFencedException',
    'Indicates that the transaction coordinator sending a WriteTxnMarker is no longer the current coordinator for a given producer.',
  ),
  SECURITY_DISABLED: row(54, 'SecurityDisabledException', 'Security features are disabled.'),
  KAFKA_STORAGE_ERROR: row(
    56,
    'KafkaStorageException',
    'Disk error when trying to access log file on the disk.',
    true,
  ),
  DELEGATION_TOKEN_AUTH_DISABLED: row(
    61,
    'DelegationTokenDisabledException',
    'Delegation Token feature is not enabled.',
  ),
  NON_EMPTY_GROUP: row(68, 'GroupNotEmptyException', 'The group is not empty.'),
  GROUP_ID_NOT_FOUND: row(69, 'GroupIdNotFoundException', 'The group id does not exist.'),
  FENCED_INSTANCE_ID: row(
    82,
    'FencedInstanceIdException',
    'The broker rejected this static consumer since another consumer with the same group.instance.id has registered with a different member.id.',
  ),
  GROUP_SUBSCRIBED_TO_TOPIC: row(
    86,
    'GroupSubscribedToTopicException',
    'Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.',
  ),
  INVALID_RECORD: row(
    87,
    'InvalidRecordException',
    'This record has failed the validation on broker and hence will be rejected.',
  ),
  RESOURCE_NOT_FOUND: row(
    91,
    'ResourceNotFoundException',
    'A request illegally referred to a resource that does not exist.',
  ),
  INVALID_UPDATE_VERSION: row(95, 'InvalidUpdateVersionException', 'The given update version was invalid.'),
  UNKNOWN_TOPIC_ID: row(100, 'UnknownTopicIdException', 'This server does not host this topic ID.', true),
  TRANSACTIONAL_ID_NOT_FOUND: row(
    105,
    'TransactionalIdNotFoundException',
    'The transactionalId could not be found.',
  ),
} as const satisfies Record<string, KafkaErrorRow>

export type KafkaErrorName = keyof typeof KAFKA_ERRORS

/**
 * A failure as it stands in a result (a table's status column, a skipped partition): there the genuine tools print the exception with its
 * Java name, and scripts look for it. Lines that only report a failure leave the name out.
 */
export function exceptionText(error: Error): string {
  return error instanceof KafkaError
    ? `org.apache.kafka.common.errors.${error.exceptionName}: ${error.message}`
    : error.message
}
