/** The part of Admin that tells of the cluster: its id, brokers and controller. */
export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
  /** Registered, and not serving now. */
  readonly fenced?: boolean
}

export interface ClusterDescription {
  readonly clusterId: string
  readonly controller: number
  readonly brokers: BrokerDescription[]
}

export interface ClusterAdmin {
  /** '' is the id of a directory that is not there yet. A directory tells every broker that is registered in it, a cluster those that serve, unless asked for the others, too. */
  describeCluster(options?: { readonly includeFenced?: boolean }): Promise<ClusterDescription>
  /** Of any node, or of this one. */
  describeFeatures(node?: number): Promise<Map<string, { finalized: number; min: number; max: number }>>
}
