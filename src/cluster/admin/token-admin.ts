/** Delegation tokens of a cluster. */
import type { DelegationToken, NewDelegationToken, TokenAdmin } from '../../client/admin/token-admin.ts'
import {
  CREATE_DELEGATION_TOKEN_REQUEST,
  CREATE_DELEGATION_TOKEN_RESPONSE,
  DESCRIBE_DELEGATION_TOKEN_REQUEST,
  DESCRIBE_DELEGATION_TOKEN_RESPONSE,
  EXPIRE_DELEGATION_TOKEN_REQUEST,
  EXPIRE_DELEGATION_TOKEN_RESPONSE,
  RENEW_DELEGATION_TOKEN_REQUEST,
  RENEW_DELEGATION_TOKEN_RESPONSE,
} from '../../message/generated/requests.ts'
import { compareText } from '../../names/compare-text.ts'
import type { ClusterClient } from '../cluster-client.ts'

export class ClusterTokens implements TokenAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeDelegationTokens(owners: readonly string[] = []): Promise<DelegationToken[]> {
    const { tokens } = await this.#client.ask(
      DESCRIBE_DELEGATION_TOKEN_REQUEST,
      DESCRIBE_DELEGATION_TOKEN_RESPONSE,
      { owners: owners.length === 0 ? null : owners.map(principalOf) },
    )
    return tokens
      .map((token) => ({
        tokenId: token.tokenId,
        hmac: token.hmac.toString('base64'),
        owner: principalText(token.principalType, token.principalName),
        // Before 3.3 the owner was the one who asked.
        requester: principalText(
          token.tokenRequesterPrincipalType ?? token.principalType,
          token.tokenRequesterPrincipalName ?? token.principalName,
        ),
        renewers: token.renewers.map(({ principalType, principalName }) =>
          principalText(principalType, principalName),
        ),
        issueTimestamp: token.issueTimestamp,
        expiryTimestamp: Number(token.expiryTimestamp),
        maxTimestamp: Number(token.maxTimestamp),
      }))
      .sort((a, b) => compareText(a.tokenId, b.tokenId))
  }

  async createDelegationToken({
    owner,
    renewers,
    maxLifetimeMs,
  }: NewDelegationToken): Promise<DelegationToken> {
    const of = owner === undefined ? undefined : principalOf(owner)
    const body = {
      renewers: renewers.map(principalOf),
      maxLifetimeMs,
      ownerPrincipalType: of?.principalType ?? null,
      ownerPrincipalName: of?.principalName ?? null,
    }
    const token = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      return controller.ask(CREATE_DELEGATION_TOKEN_REQUEST, CREATE_DELEGATION_TOKEN_RESPONSE, body)
    })
    const { principalType: type, principalName: name } = token
    return {
      tokenId: token.tokenId,
      hmac: token.hmac.toString('base64'),
      owner: principalText(type, name),
      requester: principalText(
        token.tokenRequesterPrincipalType ?? type,
        token.tokenRequesterPrincipalName ?? name,
      ),
      renewers,
      issueTimestamp: token.issueTimestampMs,
      expiryTimestamp: Number(token.expiryTimestampMs),
      maxTimestamp: Number(token.maxTimestampMs),
    }
  }

  async renewDelegationToken(hmac: string, renewPeriodMs: number): Promise<number> {
    const body = { hmac: Buffer.from(hmac, 'base64'), renewPeriodMs }
    const { expiryTimestampMs } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      return controller.ask(RENEW_DELEGATION_TOKEN_REQUEST, RENEW_DELEGATION_TOKEN_RESPONSE, body)
    })
    return Number(expiryTimestampMs)
  }

  async expireDelegationToken(hmac: string, expiryTimePeriodMs: number): Promise<number> {
    const body = { hmac: Buffer.from(hmac, 'base64'), expiryTimePeriodMs }
    const { expiryTimestampMs } = await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      return controller.ask(EXPIRE_DELEGATION_TOKEN_REQUEST, EXPIRE_DELEGATION_TOKEN_RESPONSE, body)
    })
    return Number(expiryTimestampMs)
  }
}

/** `User:alice` */
function principalOf(text: string): { principalType: string; principalName: string } {
  const at = text.indexOf(':')
  return { principalType: text.slice(0, at), principalName: text.slice(at + 1) }
}

function principalText(type: string, name: string): string {
  return `${type}:${name}`
}
