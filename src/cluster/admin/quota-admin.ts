/** Client quotas and SCRAM credentials of a cluster. */
import { randomBytes } from 'node:crypto'
import type { QuotaEntity, ScramCredentialInfo } from '../../client/admin/config-admin.ts'
import { KafkaError } from '../../errors.ts'
import {
  ALTER_CLIENT_QUOTAS_REQUEST,
  ALTER_CLIENT_QUOTAS_RESPONSE,
  ALTER_USER_SCRAM_CREDENTIALS_REQUEST,
  ALTER_USER_SCRAM_CREDENTIALS_RESPONSE,
  DESCRIBE_CLIENT_QUOTAS_REQUEST,
  DESCRIBE_CLIENT_QUOTAS_RESPONSE,
  DESCRIBE_USER_SCRAM_CREDENTIALS_REQUEST,
  DESCRIBE_USER_SCRAM_CREDENTIALS_RESPONSE,
} from '../../message/generated/requests.ts'
import { SALT_BYTES, SCRAM_MECHANISMS, saltedPassword } from '../../message/scram-mechanism.ts'
import { compareText } from '../../names/compare-text.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'

type Mechanism = ScramCredentialInfo['mechanism']

export class ClusterQuotas {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async describeClientQuotas(): Promise<{ entity: QuotaEntity; values: ReadonlyMap<string, number> }[]> {
    const { entries } = await this.#client.ask(
      DESCRIBE_CLIENT_QUOTAS_REQUEST,
      DESCRIBE_CLIENT_QUOTAS_RESPONSE,
      { components: [], strict: false },
    )
    return (entries ?? []).map(({ entity, values }) => ({
      entity: entity.map(({ entityType, entityName }) => ({
        type: entityType as QuotaEntity[number]['type'],
        name: entityName,
      })),
      values: new Map(values.map(({ key, value }) => [key, value])),
    }))
  }

  /** A null value takes a quota away. */
  async alterClientQuotas(entity: QuotaEntity, values: ReadonlyMap<string, number | null>): Promise<void> {
    const body = {
      entries: [
        {
          entity: entity.map(({ type, name }) => ({ entityType: type, entityName: name })),
          ops: [...values].map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
        },
      ],
      validateOnly: false,
    }
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(ALTER_CLIENT_QUOTAS_REQUEST, ALTER_CLIENT_QUOTAS_RESPONSE, body)
    })
  }

  /** Without users: all of them. One that has no credentials is left out. */
  async describeUserScramCredentials(users?: readonly string[]): Promise<Map<string, ScramCredentialInfo[]>> {
    const asked = users === undefined || users.length === 0 ? null : users.map((name) => ({ name }))
    const { results } = await this.#client.retry(async () => {
      const broker = await this.#client.anyBroker()
      return broker.askEach(
        DESCRIBE_USER_SCRAM_CREDENTIALS_REQUEST,
        DESCRIBE_USER_SCRAM_CREDENTIALS_RESPONSE,
        { users: asked },
      )
    })
    const found = new Map<string, ScramCredentialInfo[]>()
    for (const { user, errorCode, errorMessage, credentialInfos } of results) {
      if (errorCode !== 0) {
        const error = kafkaErrorOf(errorCode, errorMessage)
        if (error.code === 'RESOURCE_NOT_FOUND') continue
        throw error
      }
      const infos = credentialInfos.flatMap(({ mechanism, iterations }) => {
        const known = SCRAM_MECHANISMS.find(({ id }) => id === mechanism)
        return known === undefined ? [] : [{ mechanism: known.name, iterations }]
      })
      found.set(
        user,
        infos.sort((a, b) => compareText(a.mechanism, b.mechanism)),
      )
    }
    return new Map([...found].sort((a, b) => compareText(a[0], b[0])))
  }

  /** The password stays here: what goes out proves it. */
  async alterUserScramCredentials(
    user: string,
    upsertions: readonly { mechanism: Mechanism; iterations: number; password: string }[],
    deletions: readonly Mechanism[],
  ): Promise<void> {
    // As Kafka's client: the broker sees no password.
    if (user === '') throw new KafkaError('UNACCEPTABLE_CREDENTIAL', 'Username must not be empty')
    if (upsertions.some(({ password }) => password === ''))
      throw new KafkaError('UNACCEPTABLE_CREDENTIAL', 'Password must not be empty')
    const body = {
      deletions: deletions.map((mechanism) => ({ name: user, mechanism: mechanismOf(mechanism).id })),
      upsertions: upsertions.map(({ mechanism, iterations, password }) => {
        const known = mechanismOf(mechanism)
        const salt = randomBytes(SALT_BYTES)
        return {
          name: user,
          mechanism: known.id,
          iterations,
          salt,
          saltedPassword: saltedPassword(known, password, salt, iterations),
        }
      }),
    }
    await this.#client.retry(async () => {
      const controller = await this.#client.controller()
      await controller.ask(ALTER_USER_SCRAM_CREDENTIALS_REQUEST, ALTER_USER_SCRAM_CREDENTIALS_RESPONSE, body)
    })
  }
}

function mechanismOf(mechanism: Mechanism) {
  const known = SCRAM_MECHANISMS.find(({ name }) => name === mechanism)
  if (known === undefined) throw new KafkaError('UNSUPPORTED_SASL_MECHANISM')
  return known
}
