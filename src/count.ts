/**
 * A number with its noun: `1 partition`, `2 partitions`, `1 byte is`. English adds an s, or es behind s and ch; for anything
 * else both forms are given. Texts of Kafka's own tools (`Processed a total of 1 messages`) stay as Kafka has them.
 */
export function count(number: number, one: string, many = plural(one)): string {
  return `${number} ${number === 1 ? one : many}`
}

export function plural(noun: string): string {
  return /(s|ch)$/.test(noun) ? `${noun}es` : `${noun}s`
}
