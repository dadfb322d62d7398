/** What can be offered for the value of a flag, by the flag's name. */
import type { Values, ValuesOf } from '../../cli/completion.ts'
import { FORMATS } from '../formatters/field-formats.ts'

const TOPICS: Values = { type: 'names', kind: 'topics' }
const GROUPS: Values = { type: 'names', kind: 'groups' }
const FILE: Values = { type: 'file' }
const words = (...list: string[]): Values => ({ type: 'words', words: list })

export const VALUES_BY_FLAG: Readonly<Record<string, Values>> = {
  topic: TOPICS,
  include: TOPICS,
  'topic-partitions': TOPICS,
  'topics-include': TOPICS,
  group: GROUPS,
  'group-id': GROUPS,
  'data-dir': FILE,
  profile: { type: 'names', kind: 'profiles' },
  output: words('json', 'jsonl', 'tsv', 'text'),
  input: words('lines', 'jsonl'),
  'isolation-level': words('read_uncommitted', 'read_committed'),
  'compression-codec': words('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  offset: words('earliest', 'latest'),
  from: words('earliest', 'end', 'end-10', '-30m', '-1d'),
  to: words('end', 'now', 'end-10', '-30m'),
  'key-format': words(...FORMATS),
  'value-format': words(...FORMATS),
  'request-required-acks': words('all', '1', '0'),
  'entity-type': words(
    'topics',
    'clients',
    'users',
    'brokers',
    'broker-loggers',
    'ips',
    'client-metrics',
    'groups',
  ),
  'election-type': words('preferred', 'unclean'),
}

const ANY: Values = { type: 'any' }

export const valuesOf: ValuesOf = (tool, flag) => {
  if (flag.choices !== undefined) return { type: 'words', words: flag.choices }
  if (flag.name === 'time' && tool === 'get-offsets')
    return words('earliest', 'latest', 'max-timestamp', 'earliest-local', 'latest-tiered')
  const known = VALUES_BY_FLAG[flag.name]
  if (known !== undefined) return known
  return /(^|[-.])(file|files|config|configs|path|directory|dir)$/.test(flag.name) &&
    !/^(add|delete)-config$/.test(flag.name)
    ? FILE
    : ANY
}
