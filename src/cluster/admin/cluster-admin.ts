/** A cluster's id, nodes and features. */
import type { BrokerDescription, ClusterAdmin, ClusterDescription } from '../../client/admin/cluster-admin.ts'
import { compareText } from '../../names/compare-text.ts'
import type { ClusterClient } from '../cluster-client.ts'

export class ClusterNodes implements ClusterAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeCluster(options: { includeFenced?: boolean } = {}): Promise<ClusterDescription> {
    const described = await this.#client.retry(() => this.#client.describeNodes(options.includeFenced))
    const brokers: BrokerDescription[] = described.nodes.map((node) => ({ ...node }))
    return {
      clusterId: described.clusterId,
      controller: described.controllerId,
      brokers: brokers.sort((a, b) => a.id - b.id),
    }
  }

  /** What a broker said of itself when it was connected to: no request is needed. */
  async describeFeatures(
    node?: number,
  ): Promise<Map<string, { finalized: number; min: number; max: number }>> {
    const { apiVersions } = await this.#client.retry(() =>
      node === undefined ? this.#client.anyBroker() : this.#client.broker(node),
    )
    const finalized = new Map(
      apiVersions.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]),
    )
    const features = new Map<string, { finalized: number; min: number; max: number }>()
    for (const { name, minVersion, maxVersion } of apiVersions.supportedFeatures) {
      features.set(name, { finalized: finalized.get(name) ?? 0, min: minVersion, max: maxVersion })
    }
    for (const [name, level] of finalized) {
      if (!features.has(name)) features.set(name, { finalized: level, min: 0, max: level })
    }
    return new Map([...features].sort((a, b) => compareText(a[0], b[0])))
  }
}
