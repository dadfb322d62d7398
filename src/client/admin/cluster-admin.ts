/** The part of Admin that tells of the cluster: its id, brokers and controller. */
export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | undefined
}

export interface ClusterAdmin {
  describeCluster(): Promise<{ clusterId: string; controller: number; brokers: BrokerDescription[] }>
  describeFeatures(): Promise<Map<string, { finalized: number; min: number; max: number }>>
}
