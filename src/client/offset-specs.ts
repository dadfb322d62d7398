/** Kafka's words for an offset, in the order of their numbers: -1, -2 and so on. */
export const OFFSET_SPECS = [
  'latest',
  'earliest',
  'max-timestamp',
  'earliest-local',
  'latest-tiered',
  'earliest-pending-upload',
] as const
