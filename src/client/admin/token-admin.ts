/** Delegation tokens as administration: those that stand in the metadata. */

export interface DelegationToken {
  readonly tokenId: string
  /** Base64; undefined where the broker's secret is not known. */
  readonly hmac: string | undefined
  /** `User:alice` */
  readonly owner: string
  readonly requester: string
  readonly renewers: readonly string[]
  /** Milliseconds since 1970. */
  readonly issueTimestamp: number
  readonly expiryTimestamp: number
  readonly maxTimestamp: number
}

export interface TokenAdmin {
  /** Sorted by id. */
  describeDelegationTokens(): Promise<DelegationToken[]>
}
