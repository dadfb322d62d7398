/** Delegation tokens of a data directory: what a broker with a secret stored in the metadata. Reading only. */
import { createHmac } from 'node:crypto'
import type { DelegationToken, TokenAdmin } from '../../client/admin/token-admin.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

const SECRETS = ['delegation.token.secret.key', 'delegation.token.master.key']

export class LocalTokens implements TokenAdmin {
  readonly #directory: LocalDirectory

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  async describeDelegationTokens(): Promise<DelegationToken[]> {
    const properties = this.#directory.serverProperties()
    const secret = SECRETS.map((name) => properties.get(name)).find(Boolean)
    return [...this.#directory.image().delegationTokens()]
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
}
