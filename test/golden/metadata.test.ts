import { afterAll, describe, expect, it } from 'vitest'
import { CONFIG_RESOURCE } from '../../src/message/metadata-records.ts'
import type { MetadataImage } from '../../src/metadata/metadata-image.ts'
import { MetadataLog } from '../../src/metadata/metadata-log.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { type Fixture, fixtureNames, unpackFixture } from '../support/fixtures.ts'

const fixtures = new Map<string, Fixture>()
const open = (name: string): Fixture => {
  let fixture = fixtures.get(name)
  if (fixture === undefined) {
    fixture = unpackFixture(name)
    fixtures.set(name, fixture)
  }
  return fixture
}
afterAll(() => {
  for (const fixture of fixtures.values()) fixture.remove()
})

const kraft = fixtureNames().filter((name) => !name.startsWith('zookeeper'))

/** The manifest's words for what an image holds. */
const CONFIG_NAMES = [
  [CONFIG_RESOURCE.BROKER, 'broker'],
  [CONFIG_RESOURCE.GROUP, 'group'],
  [CONFIG_RESOURCE.CLIENT_METRICS, 'client_metrics'],
] as const
const RESOURCE_TYPES = ['', '', 'TOPIC', 'GROUP', 'CLUSTER', 'TRANSACTIONAL_ID', 'DELEGATION_TOKEN', 'USER']
const PATTERN_TYPES = ['', '', '', 'LITERAL', 'PREFIXED']
const OPERATIONS = ['', '', 'ALL', 'READ', 'WRITE', 'CREATE', 'DELETE', 'ALTER', 'DESCRIBE']
const PERMISSIONS = ['', '', 'DENY', 'ALLOW']
const MECHANISMS = ['', 'SCRAM_SHA_256', 'SCRAM_SHA_512']

function configsOf(image: MetadataImage): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {}
  for (const [type, word] of CONFIG_NAMES) {
    for (const name of image.configResources(type)) {
      found[`${word}/${name === '' ? '<default>' : name}`] = Object.fromEntries(image.configs(type, name))
    }
  }
  return found
}

function quotasOf(image: MetadataImage): unknown[] {
  const quotas = [...image.quotas()].map((quota) => ({
    entity: Object.fromEntries(quota.entity.map((part) => [part.entityType, part.entityName])),
    values: Object.fromEntries(quota.values),
  }))
  return sorted(quotas)
}

const sorted = <T>(values: readonly T[]): T[] => {
  const key = (value: T) =>
    JSON.stringify(value, Object.keys(Object.assign({}, ...values.map(flatten))).sort())
  return [...values].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
const flatten = (value: unknown): object =>
  typeof value === 'object' && value !== null
    ? Object.assign({}, value, ...Object.values(value).map(flatten))
    : {}

describe.each(kraft)('the metadata of the genuine directory "%s"', (name) => {
  const read = () => {
    const fixture = open(name)
    return { manifest: fixture.manifest, image: MetadataLog.open(systemOs, fixture.dir).image() }
  }

  it('has the topics, ids, partition counts and overrides that the broker told', () => {
    const { manifest, image } = read()
    const found = Object.fromEntries(
      [...image.topicImages()].map((topic) => [
        topic.name,
        {
          id: topic.id,
          count: topic.partitions.length,
          configs: Object.fromEntries(image.topicConfigs(topic.name)),
        },
      ]),
    )
    const told = Object.fromEntries(
      Object.entries(manifest.topics).map(([topic, it]) => [
        topic,
        { id: it.id, count: it.partition_count, configs: it.configs },
      ]),
    )
    expect(found).toEqual({ ...found, ...told })
    expect(
      Object.keys(found)
        .filter((topic) => !topic.startsWith('__'))
        .sort(),
    ).toEqual(
      Object.keys(told)
        .filter((topic) => !topic.startsWith('__'))
        .sort(),
    )
    for (const topic of image.topicImages()) {
      topic.partitions.forEach((partition, i) => {
        expect(partition.partition).toBe(i)
        expect(partition.replicas).toEqual([manifest.node_id])
        expect(partition.directories).toEqual([image.directoryId])
      })
    }
  })

  it('has its identity, features, configs, quotas, ACLs and credentials', () => {
    const { manifest, image } = read()
    expect(image.clusterId).toBe(manifest.cluster_id)
    expect(image.nodeId).toBe(manifest.node_id)
    expect(image.newerThanKnown).toBeUndefined()
    if (manifest.features !== undefined) {
      const levels = Object.entries(manifest.features as Record<string, number>)
      const finalized = levels.filter(([feature, level]) => level > 0 && feature !== 'kraft.version')
      expect(Object.fromEntries(image.features)).toEqual(Object.fromEntries(finalized))
    }
    if (manifest.configs !== undefined) expect(configsOf(image)).toEqual(manifest.configs)
    if (manifest.quotas !== undefined) expect(quotasOf(image)).toEqual(sorted(manifest.quotas as unknown[]))
    if (manifest.acls !== undefined) {
      const acls = [...image.acls()].map((acl) =>
        [
          RESOURCE_TYPES[acl.resourceType],
          PATTERN_TYPES[acl.patternType],
          acl.resourceName,
          acl.principal,
          acl.host,
          OPERATIONS[acl.operation],
          PERMISSIONS[acl.permissionType],
        ].join(' '),
      )
      expect(acls.sort()).toEqual([...(manifest.acls as string[])].sort())
    }
    if (manifest.scram !== undefined) {
      const scram = [...image.scramCredentials()].map(
        (one) => `${one.name} ${MECHANISMS[one.mechanism]} ${one.iterations}`,
      )
      expect(scram.sort()).toEqual([...(manifest.scram as string[])].sort())
    }
  })

  it('names the registration that the clean shutdown marker names', () => {
    const { manifest, image } = read()
    const marker = systemOs.fs.stat(`${open(name).dir}/.kafka_cleanshutdown`)
    expect(marker !== undefined).toBe(manifest.clean_shutdown)
    if (marker === undefined) return
    const text = systemOs.fs.readFile(`${open(name).dir}/.kafka_cleanshutdown`).toString()
    expect(JSON.parse(text).brokerEpoch).toBe(image.brokers.get(image.nodeId)?.epoch)
  })
})

describe('a directory of the ZooKeeper era', () => {
  it('has no metadata log and says so in one line', () => {
    const log = MetadataLog.open(systemOs, open('zookeeper-3.9').dir)
    expect(log.isZooKeeperEra).toBe(true)
    expect(() => log.image()).toThrow(/ZooKeeper era/)
  })
})

describe('the genuine directory "metadata"', () => {
  it('gives the same image from its older checkpoint and the log behind it', () => {
    const { dir } = open('metadata')
    const newest = MetadataLog.open(systemOs, dir).image()
    const folder = `${dir}/__cluster_metadata-0`
    const checkpoints = systemOs.fs
      .readdir(folder)
      .filter((file) => file.endsWith('.checkpoint'))
      .sort()
    expect(checkpoints.length).toBeGreaterThan(1)
    const hidden = `${folder}/${checkpoints[checkpoints.length - 1]}`
    systemOs.fs.rename(hidden, `${hidden}.hidden`)
    try {
      const older = MetadataLog.open(systemOs, dir).image()
      const { topicsByName, topicsById, lastTimestamp: _, ...rest } = older.parts
      const { topicsByName: names, topicsById: ids, lastTimestamp: __, ...others } = newest.parts
      expect(topicsByName).toEqual(names)
      expect(topicsById).toEqual(ids)
      expect(rest).toEqual(others)
    } finally {
      systemOs.fs.rename(`${hidden}.hidden`, hidden)
    }
  })
})
