/** The cluster part of Admin, on a data directory. */
import type { ClusterAdmin, ClusterDescription } from '../../client/admin/cluster-admin.ts'
import {
  defaultFeatureLevel,
  FEATURES,
  featureNamed,
  LATEST_PRODUCTION,
  MINIMUM_VERSION,
  NEW_DIRECTORY_VERSION,
} from '../../config/feature-levels.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { registeredBrokers } from './topic-admin.ts'

const KNOWN_FEATURES = [
  {
    name: 'metadata.version',
    minSupportedVersion: MINIMUM_VERSION.level,
    maxSupportedVersion: LATEST_PRODUCTION.level,
  },
  ...FEATURES.map(({ name, max }) => ({ name, minSupportedVersion: 0, maxSupportedVersion: max })),
]

/** The cluster that a directory belongs to, as its metadata tells it. */
export class LocalCluster implements ClusterAdmin {
  readonly #directory: LocalDirectory
  readonly #address: string | undefined

  /** @param address `host:port` that was declared to be the node of this directory */
  constructor(directory: LocalDirectory, address: string | undefined) {
    this.#directory = directory
    this.#address = address
  }

  async describeCluster(): Promise<ClusterDescription> {
    const image = this.#directory.image()
    const [, host, port] = /^(.*):(\d+)$/.exec(this.#address ?? '') ?? []
    const own = (id: number, given: string | undefined) => (id === image.nodeId ? given : undefined)
    const brokers = registeredBrokers(image)
      .sort((a, b) => a - b)
      .map((id) => {
        const broker = image.brokers.get(id)
        const endPoint = broker?.endPoints[0]
        return {
          id,
          host: own(id, host) ?? (endPoint?.host || 'localhost'),
          port: Number(own(id, port) ?? (endPoint?.port || 9092)),
          rack: broker?.rack ?? undefined,
        }
      })
    return { clusterId: image.clusterId, controller: image.nodeId, brokers }
  }

  async describeFeatures(): Promise<Map<string, { finalized: number; min: number; max: number }>> {
    const image = this.#directory.image()
    // A directory that was formatted and never started has no registration yet.
    const supported = image.brokers.get(image.nodeId)?.features ?? KNOWN_FEATURES
    const features = new Map<string, { finalized: number; min: number; max: number }>()
    const made = this.#directory.exists()
    for (const { name, minSupportedVersion, maxSupportedVersion } of supported) {
      if (!made) {
        // What it will be made with.
        const level = name === 'metadata.version' ? NEW_DIRECTORY_VERSION.level : newDirectoryLevel(name)
        features.set(name, { finalized: level, min: minSupportedVersion, max: maxSupportedVersion })
        continue
      }
      const finalized = name === 'kraft.version' ? image.kraftVersion : (image.features.get(name) ?? 0)
      features.set(name, { finalized, min: minSupportedVersion, max: maxSupportedVersion })
    }
    for (const [name, finalized] of image.features) {
      if (!features.has(name)) features.set(name, { finalized, min: 0, max: finalized })
    }
    return new Map([...features].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
  }
}

/** The quorum of a new directory is a static one. */
function newDirectoryLevel(name: string): number {
  const feature = name === 'kraft.version' ? undefined : featureNamed(name)
  return feature === undefined ? 0 : defaultFeatureLevel(feature, NEW_DIRECTORY_VERSION.level)
}
