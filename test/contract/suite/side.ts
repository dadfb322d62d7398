/** What the contract suite runs on: clients of a directory or of a cluster, and names that no other test has. */
import { afterAll, beforeAll, expect } from 'vitest'
import type { Admin } from '../../../src/client/admin/admin.ts'
import type { Consumer, ConsumerOptions, ConsumerRecord } from '../../../src/client/consumer.ts'
import type { ProducerConfig, ProducerRecord, RecordMetadata } from '../../../src/client/producer.ts'
import type { KafkaClients } from '../../../src/index.ts'

export interface Side {
  readonly kafka: KafkaClients
  end(): Promise<void>
}

export type OpenSide = () => Promise<Side>

let names = 0

/** Clients that a group of tests shares; what a test opens itself is closed with it. */
export class Bench {
  #side: Side | undefined
  #admin: Admin | undefined

  constructor(open: OpenSide) {
    beforeAll(async () => {
      this.#side = await open()
      this.#admin = await this.#side.kafka.admin()
    })
    afterAll(async () => {
      await this.#admin?.close()
      await this.#side?.end()
    })
  }

  get side(): Side {
    if (this.#side === undefined) throw new Error('asked for before the tests began')
    return this.#side
  }

  get admin(): Admin {
    if (this.#admin === undefined) throw new Error('asked for before the tests began')
    return this.#admin
  }

  get kafka(): KafkaClients {
    return this.side.kafka
  }

  /** A name of a topic, a group or anything else that nothing has yet. */
  fresh(stem = 't'): string {
    return `${stem}-${process.pid}-${names++}`
  }

  async topic(partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = this.fresh()
    await this.admin.createTopic({ name, partitions, configs })
    return name
  }

  /** Sends in turn, each once the one before is acknowledged, so that offsets follow the order. */
  async sent(
    records: readonly ProducerRecord[],
    config: ProducerConfig = {},
  ): Promise<readonly RecordMetadata[]> {
    const producer = await this.kafka.producer(config)
    try {
      const done: RecordMetadata[] = []
      for (const record of records) done.push(await producer.send(record))
      return done
    } finally {
      await producer.close()
    }
  }

  async consuming<T>(options: ConsumerOptions, use: (consumer: Consumer) => Promise<T>): Promise<T> {
    const consumer = await this.kafka.consumer(options)
    try {
      return await use(consumer)
    } finally {
      await consumer.close()
    }
  }

  /** Every record of a topic, from its beginning to where it ends now. */
  async all(topic: string, options: ConsumerOptions = {}): Promise<ConsumerRecord[]> {
    const config = { 'auto.offset.reset': 'earliest', ...options.config }
    return this.consuming({ untilEnd: true, ...options, config }, async (consumer) => {
      await consumer.subscribe([topic])
      const records: ConsumerRecord[] = []
      for await (const record of consumer) records.push(record)
      return records
    })
  }
}

/** The same as in JavaScript's for loops: values of records, as text. */
export const valuesOf = (records: readonly ConsumerRecord[]): string[] =>
  records.map(({ value }) => String(value))

/** Polls until so many records are there, or ten seconds are over. */
export async function polled(consumer: Consumer, count: number): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  const end = performance.now() + 10_000
  while (records.length < count && performance.now() < end) records.push(...(await consumer.poll(200)))
  return records
}

/** Rejects with this error of Kafka's, and with this text where one is given. */
export async function refuses(asked: Promise<unknown>, code: string, message?: string | RegExp) {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error, `${code} was expected`).toMatchObject({ code })
  if (message !== undefined) expect((error as Error).message).toMatch(message)
}
