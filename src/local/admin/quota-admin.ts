/** Client quotas and SCRAM credentials: stored as a broker stores them; a directory enforces neither. */
import type { QuotaEntity, ScramCredentialInfo } from '../../client/admin/config-admin.ts'
import { IP_QUOTAS, USER_CLIENT_QUOTAS, validateQuota } from '../../config/client-quota-configs.ts'
import { KafkaError } from '../../errors.ts'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import {
  MAX_ITERATIONS,
  MIN_ITERATIONS,
  SALT_BYTES,
  SCRAM_MECHANISMS,
  saltedPassword,
} from '../../message/scram-mechanism.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { scramCredential } from '../../metadata/scram-credential.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

type Mechanism = ScramCredentialInfo['mechanism']

export class LocalQuotas {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  async describeClientQuotas(): Promise<{ entity: QuotaEntity; values: ReadonlyMap<string, number> }[]> {
    return [...this.#directory.image().quotas()].map(({ entity, values }) => ({
      entity: entity.map((part) => ({
        type: part.entityType as QuotaEntity[number]['type'],
        name: part.entityName,
      })),
      values,
    }))
  }

  /** A null value takes a quota away. */
  async alterClientQuotas(entity: QuotaEntity, values: ReadonlyMap<string, number | null>): Promise<void> {
    if (entity.length === 0) throw new KafkaError('INVALID_REQUEST', 'Invalid empty client quota entity')
    const ip = entity.some((part) => part.type === 'ip')
    if (ip && entity.length > 1) {
      throw new KafkaError(
        'INVALID_REQUEST',
        'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId',
      )
    }
    for (const [name, value] of values) validateQuota(name, value, ip ? IP_QUOTAS : USER_CLIENT_QUOTAS)
    const parts = entity.map(({ type, name }) => ({ entityType: type as string, entityName: name }))
    await this.#directory.alter(() =>
      [...values].map(([key, value]) => ({
        type: 'ClientQuotaRecord',
        entity: parts,
        key,
        value: value ?? 0,
        remove: value === null,
      })),
    )
  }

  async describeUserScramCredentials(users?: readonly string[]): Promise<Map<string, ScramCredentialInfo[]>> {
    const found = new Map<string, ScramCredentialInfo[]>()
    for (const credential of this.#directory.image().scramCredentials()) {
      if (users !== undefined && users.length > 0 && !users.includes(credential.name)) continue
      const mechanism = SCRAM_MECHANISMS.find(({ id }) => id === credential.mechanism)
      if (mechanism === undefined) continue
      const infos = found.get(credential.name) ?? []
      infos.push({ mechanism: mechanism.name, iterations: credential.iterations })
      found.set(
        credential.name,
        infos.sort((a, b) => (a.mechanism < b.mechanism ? -1 : 1)),
      )
    }
    return new Map([...found].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
  }

  async alterUserScramCredentials(
    user: string,
    upsertions: readonly { mechanism: Mechanism; iterations: number; password: string }[],
    deletions: readonly Mechanism[],
  ): Promise<void> {
    const refuse = (message: string) => {
      throw new KafkaError('UNACCEPTABLE_CREDENTIAL', message)
    }
    if (user === '') refuse('Username must not be empty')
    if (upsertions.length + deletions.length > 1) {
      const message = 'A user credential cannot be altered twice in the same request'
      throw new KafkaError('DUPLICATE_RESOURCE', message)
    }
    for (const { iterations, password } of upsertions) {
      if (password === '') refuse('Password must not be empty')
      if (iterations < MIN_ITERATIONS) refuse('Too few iterations')
      if (iterations > MAX_ITERATIONS) refuse('Too many iterations')
    }
    const removals = (image: MetadataImage) => deletions.map((mechanism) => removal(image, user, mechanism))
    removals(this.#directory.image())
    const credentials = upsertions.map((one) => this.#credential(user, one))
    await this.#directory.alter((image) => [...removals(image), ...credentials])
  }

  #credential(
    user: string,
    { mechanism, iterations, password }: { mechanism: Mechanism; iterations: number; password: string },
  ): MetadataRecord {
    const known = SCRAM_MECHANISMS.find(({ name }) => name === mechanism)!
    const salt = this.#os.randomBytes(SALT_BYTES)
    const salted = saltedPassword(known, password, salt, iterations)
    return {
      type: 'UserScramCredentialRecord',
      ...scramCredential(user, known, { salt, salted, iterations }),
    }
  }
}

function removal(image: MetadataImage, user: string, mechanism: Mechanism): MetadataRecord {
  const { id } = SCRAM_MECHANISMS.find(({ name }) => name === mechanism)!
  if (image.scramCredential(user, id) === undefined) {
    throw new KafkaError('RESOURCE_NOT_FOUND', 'Attempt to delete a user credential that does not exist')
  }
  return { type: 'RemoveUserScramCredentialRecord', name: user, mechanism: id }
}
