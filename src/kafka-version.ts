/** The release of Kafka whose tools these are; scripts ask for it with `--version`. */
export const KAFKA_VERSION = '4.3.1'
