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

export interface NewDelegationToken {
  /** undefined: who asks for it. */
  readonly owner: string | undefined
  readonly renewers: readonly string[]
  /** -1: the server decides. */
  readonly maxLifetimeMs: number
}

/** Making, renewing and expiring belong to an authenticated session: a directory has none and refuses. */
export interface TokenAdmin {
  /** Of these owners, or all that may be seen. Sorted by id. */
  describeDelegationTokens(owners?: readonly string[]): Promise<DelegationToken[]>
  createDelegationToken(token: NewDelegationToken): Promise<DelegationToken>
  /** By the token's HMAC in base64; answers when it now ends. */
  renewDelegationToken(hmac: string, periodMs: number): Promise<number>
  expireDelegationToken(hmac: string, periodMs: number): Promise<number>
}
