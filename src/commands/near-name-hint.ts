/** A hint behind Kafka's own line when a topic or group was mistyped. For people: only where stderr is a terminal. */
import type { CommandContext } from '../cli/command.ts'
import { didYouMean } from '../cli/suggest.ts'
import { nearNames } from '../client/near-names.ts'
import { openAdmin } from './open-client.ts'

/** Names that come near to `typed`, when there is none of that very name; never throws. */
export async function hintNearName(
  context: CommandContext,
  kind: 'topic' | 'group',
  typed: string | undefined,
  introduction = '',
): Promise<void> {
  if (!context.stderr.isTerminal || typed === undefined || typed === '') return
  try {
    const admin = await openAdmin(context)
    const names =
      kind === 'topic'
        ? (await admin.listTopics()).map(({ name }) => name)
        : (await admin.listGroups()).map(({ groupId }) => groupId)
    await admin.close()
    if (names.includes(typed)) return
    const hint = didYouMean(nearNames(typed, names))
    if (hint !== undefined) context.stderr.line(introduction + hint)
  } catch {
    // A hint is not worth a failure.
  }
}
