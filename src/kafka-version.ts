/** The release of Kafka whose tools these are; scripts ask for it with `--version`. */
export const KAFKA_VERSION = '4.4.0'
/** Of that release: `transactions --version` of the genuine suite names it. */
export const KAFKA_COMMIT = '1156b2752aaa28ea'
