/** Delegation tokens of a data directory: what a broker with a secret stored in the metadata. Reading only. */
import { createHmac } from 'node:crypto'
import type { DelegationToken, TokenAdmin } from '../../client/admin/token-admin.ts'
import { KafkaError } from '../../errors.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

const SECRETS = ['delegation.token.secret.key', 'delegation.token.master.key']

export class LocalTokens implements TokenAdmin {
  readonly #directory: LocalDirectory

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  async describeDelegationTokens(owners: readonly string[] = []): Promise<DelegationToken[]> {
    const properties = this.#directory.serverProperties()
    const secret = SECRETS.map((name) => properties.get(name)).find(Boolean)
    const tokens = [...this.#directory.image().delegationTokens()]
    // As a broker answers where nobody is authenticated.
    if (tokens.length === 0) throw new KafkaError('DELEGATION_TOKEN_REQUEST_NOT_ALLOWED')
    return tokens
      .filter(({ owner }) => owners.length === 0 || owners.includes(owner))
      .map(({ tokenId, owner, requester, renewers, issueTimestamp, maxTimestamp, expirationTimestamp }) => ({
        tokenId,
        // As a broker makes it; it is stored nowhere.
        hmac: secret && createHmac('sha512', secret).update(tokenId).digest('base64'),
        owner,
        requester,
        renewers,
        issueTimestamp,
        expiryTimestamp: expirationTimestamp,
        maxTimestamp,
      }))
      .sort((a, b) => (a.tokenId < b.tokenId ? -1 : 1))
  }

  async createDelegationToken(): Promise<never> {
    throw new KafkaError('DELEGATION_TOKEN_REQUEST_NOT_ALLOWED')
  }

  async renewDelegationToken(): Promise<never> {
    throw new KafkaError('DELEGATION_TOKEN_REQUEST_NOT_ALLOWED')
  }

  async expireDelegationToken(): Promise<never> {
    throw new KafkaError('DELEGATION_TOKEN_REQUEST_NOT_ALLOWED')
  }
}
