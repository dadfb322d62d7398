import { describe, expect, test } from 'vitest'
import { BrokerConnection } from '../../../../src/cluster/connection/broker-connection.ts'
import type { ConnectionSettings } from '../../../../src/cluster/connection/connection-settings.ts'
import {
  API_VERSIONS_REQUEST,
  API_VERSIONS_RESPONSE,
  DELETE_TOPICS_REQUEST,
  DELETE_TOPICS_RESPONSE,
  DESCRIBE_CLUSTER_REQUEST,
  DESCRIBE_CLUSTER_RESPONSE,
  METADATA_REQUEST,
  METADATA_RESPONSE,
} from '../../../../src/message/generated/requests.ts'
import { ZERO_UUID } from '../../../../src/message/uuid.ts'
import { FakeBroker, FakeSockets } from '../../../support/fake-broker.ts'

const SETTINGS: ConnectionSettings = { clientId: 'test', requestTimeoutMs: 200, connectTimeoutMs: 200 }
const ALL = { topics: null }
const EMPTY = { brokers: [], topics: [], throttleTimeMs: 0 }

const open = (broker: FakeBroker) => BrokerConnection.open(new FakeSockets(broker), broker, SETTINGS)

describe('a connection to a broker', () => {
  test('speaks the newest version that both know', async () => {
    const broker = new FakeBroker(1).on(METADATA_REQUEST, METADATA_RESPONSE, () => EMPTY)
    broker.versions.set(METADATA_REQUEST.apiKey, 8)
    const connection = await open(broker)
    await connection.ask(METADATA_REQUEST, METADATA_RESPONSE, ALL)
    expect(broker.seen.at(-1)).toMatchObject({ name: 'MetadataRequest', version: 8 })
    connection.close()
  })

  test('asks again in version 0 where the broker is older than ApiVersions 4', async () => {
    // A response in version 0: size, correlation id, error 35, one api key with its two versions.
    const bytes = Buffer.from('0000001000000001002300000001001200000002', 'hex')
    const broker = new FakeBroker(1).on(API_VERSIONS_REQUEST, API_VERSIONS_RESPONSE, (_body, version) =>
      version > 2
        ? { act: 'raw', bytes }
        : { errorCode: 0, apiKeys: [{ apiKey: 3, minVersion: 0, maxVersion: 7 }] },
    )
    const connection = await open(broker)
    expect(broker.seen.map(({ version }) => version)).toEqual([4, 2])
    expect(connection.versionOf(METADATA_REQUEST)).toBe(7)
    expect(connection.versionOf(DELETE_TOPICS_REQUEST)).toBe(-1)
    connection.close()
  })

  test('what an older broker cannot be asked is one line, and nothing is sent', async () => {
    const broker = new FakeBroker(1)
    broker.versions.set(DESCRIBE_CLUSTER_REQUEST.apiKey, 1)
    const connection = await open(broker)
    const body = { includeClusterAuthorizedOperations: false, includeFencedBrokers: true }
    await expect(
      connection.ask(DESCRIBE_CLUSTER_REQUEST, DESCRIBE_CLUSTER_RESPONSE, body),
    ).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      message: 'broker1:9092 is too old for this: its DescribeCluster knows no includeFencedBrokers.',
    })
    expect(broker.count(DESCRIBE_CLUSTER_REQUEST)).toBe(0)
    connection.close()
  })

  test('gives nothing out of a response that says anywhere that something failed', async () => {
    const responses = [
      { name: 'a', errorCode: 0 },
      { name: 'b', errorCode: 41 },
    ]
    const broker = new FakeBroker(1).on(DELETE_TOPICS_REQUEST, DELETE_TOPICS_RESPONSE, () => ({
      throttleTimeMs: 0,
      responses,
    }))
    const connection = await open(broker)
    const body = { topics: [], timeoutMs: 1 }
    await expect(connection.ask(DELETE_TOPICS_REQUEST, DELETE_TOPICS_RESPONSE, body)).rejects.toMatchObject({
      code: 'NOT_CONTROLLER',
    })
    const each = await connection.askEach(DELETE_TOPICS_REQUEST, DELETE_TOPICS_RESPONSE, body)
    expect(each.responses.map(({ errorCode }) => errorCode)).toEqual([0, 41])
    connection.close()
  })

  test.each([
    ['TLS', Buffer.from('15030300020228', 'hex'), /broker1:9092 speaks TLS: set security\.protocol=SSL/],
    ['an HTTP server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /broker1:9092 is an HTTP server/],
    ['an SSH server', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), /broker1:9092 is no Kafka broker/],
    ['a size of 2 GB', Buffer.from('7fffffff00000009', 'hex'), /2147483647 bytes that nobody asked for/],
    ['a size below zero', Buffer.from('ffffffff00000001', 'hex'), /nobody asked for/],
  ])('%s on the other end: one line, for good', async (_name, bytes, line) => {
    const broker = new FakeBroker(1).on(API_VERSIONS_REQUEST, API_VERSIONS_RESPONSE, () => ({
      act: 'raw',
      bytes,
    }))
    await expect(open(broker)).rejects.toMatchObject({ forGood: true, message: expect.stringMatching(line) })
  })

  test('a response of another shape than its request has is told, and the connection not used again', async () => {
    const broker = new FakeBroker(1).on(METADATA_REQUEST, METADATA_RESPONSE, () => ({
      act: 'raw',
      bytes: Buffer.from('0000000700000002ffffff', 'hex'),
    }))
    const connection = await open(broker)
    await expect(connection.ask(METADATA_REQUEST, METADATA_RESPONSE, ALL)).rejects.toThrow(
      /broker1:9092 answered MetadataRequest with bytes that are no such response/,
    )
    expect(connection.isOpen).toBe(false)
  })

  test('what is in flight fails when the connection breaks, and may be tried again', async () => {
    const broker = new FakeBroker(1).on(METADATA_REQUEST, METADATA_RESPONSE, () => ({ act: 'close' }))
    const connection = await open(broker)
    const asked = [1, 2].map(() => connection.ask(METADATA_REQUEST, METADATA_RESPONSE, ALL))
    for (const one of asked) {
      await expect(one).rejects.toMatchObject({ kind: 'closed', forGood: false })
    }
    expect(connection.isOpen).toBe(false)
  })

  test('a broker that stops answering is told with the time, and its late answer is nobody’s', async () => {
    const broker = new FakeBroker(1).on(METADATA_REQUEST, METADATA_RESPONSE, () => ({ act: 'silence' }))
    const connection = await open(broker)
    await expect(connection.ask(METADATA_REQUEST, METADATA_RESPONSE, ALL)).rejects.toThrow(
      'broker1:9092 did not answer MetadataRequest within 200 ms',
    )
    expect(connection.isOpen).toBe(false)
  })

  test('a broker that says that we ask too much hears nothing for so long, then all in turn, within a whole timeout', async () => {
    const answers: string[] = []
    let throttleTimeMs = 300
    const broker = new FakeBroker(1).on(METADATA_REQUEST, METADATA_RESPONSE, ({ topics }) => {
      answers.push(topics?.[0]?.name ?? '')
      return { ...EMPTY, throttleTimeMs }
    })
    const connection = await open(broker)
    const ask = (name: string) =>
      connection.ask(METADATA_REQUEST, METADATA_RESPONSE, { topics: [{ topicId: ZERO_UUID, name }] })
    await ask('first')
    throttleTimeMs = 0
    const began = performance.now()
    // Longer than the timeout of a request, which counts from when it is sent.
    const waiting = ['a', 'b', 'c'].map(ask)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(answers).toEqual(['first'])
    await Promise.all(waiting)
    expect(performance.now() - began).toBeGreaterThan(290)
    expect(answers).toEqual(['first', 'a', 'b', 'c'])
    connection.close()
  })

  test('who waits for a broker that was asked too much is told when the connection is closed', async () => {
    const broker = new FakeBroker(1).on(METADATA_REQUEST, METADATA_RESPONSE, () => ({
      ...EMPTY,
      throttleTimeMs: 60_000,
    }))
    const connection = await open(broker)
    await connection.ask(METADATA_REQUEST, METADATA_RESPONSE, ALL)
    const waiting = connection.ask(METADATA_REQUEST, METADATA_RESPONSE, ALL)
    connection.close()
    await expect(waiting).rejects.toThrow('closed the connection')
  })
})
