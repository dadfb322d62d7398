/**
 * How long a client waits for locks. Where the user set one of Kafka's timeouts, that is the limit. Where he set none, the client
 * waits until the lock is free or a signal comes: Kafka's defaults are made for networks and brokers that come back.
 */

/** How long locks are waited for, and how the user said so: `max.block.ms=500`. */
export interface WaitLimit {
  readonly ms: number
  readonly by: string
}

type Given = Readonly<Record<string, string | undefined>>

/** `name`: how the user wrote it, where that is not `setting=value`. */
export function waitLimit(
  setting: string,
  value: string | undefined,
  name = `${setting}=`,
): WaitLimit | undefined {
  const text = value?.trim() ?? ''
  // What is no number is refused by whoever checks the settings.
  return /^[+-]?\d+$/.test(text) ? { ms: Math.max(0, Number(text)), by: name + text } : undefined
}

/** Of a producer: max.block.ms is for a send, delivery.timeout.ms for a record with all its requests. The shorter one ends. */
export function producerWaitLimit(
  given: Given,
  blocking = settingLimit(given, 'max.block.ms'),
): WaitLimit | undefined {
  const delivery = settingLimit(given, 'delivery.timeout.ms') ?? settingLimit(given, 'request.timeout.ms')
  if (blocking === undefined || delivery === undefined) return blocking ?? delivery
  return blocking.ms <= delivery.ms ? blocking : delivery
}

/** Of a consumer or an admin. */
export function clientWaitLimit(given: Given): WaitLimit | undefined {
  return settingLimit(given, 'default.api.timeout.ms') ?? settingLimit(given, 'request.timeout.ms')
}

function settingLimit(given: Given, setting: string): WaitLimit | undefined {
  return waitLimit(setting, given[setting])
}
