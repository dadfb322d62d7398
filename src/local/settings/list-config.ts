/** Settings that are lists, in the form in which Kafka stores them. */
import { topicConfigDef } from '../../config/topic-configs.ts'

/** Kafka stores a list that names something twice with one of each (`compact,compact` is `compact`). */
export function withoutRepeats(configs: ReadonlyMap<string, string>): Map<string, string> {
  const result = new Map(configs)
  for (const [name, text] of configs) {
    if (topicConfigDef().get(name)?.type !== 'LIST') continue
    const words = text.trim().split(/\s*,\s*/)
    const unique = [...new Set(words)]
    if (unique.length < words.length) result.set(name, unique.join(','))
  }
  return result
}
