/** What a program does with the library on a directory: read all values of a topic, check. */
import type { Admin } from '../../src/client/admin/admin.ts'
import type { Finding } from '../../src/client/admin/check-admin.ts'
import { openLocal } from '../../src/index.ts'

export async function withAdmin<T>(path: string, act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = await openLocal(path).admin()
  try {
    return await act(admin)
  } finally {
    await admin.close()
  }
}

export async function findings(path: string): Promise<Finding[]> {
  const found: Finding[] = []
  await withAdmin(path, (admin) => admin.check({ found: (one) => found.push(one) }))
  return found
}

/** All values of a topic; `onElsewhere` hears of partitions that cannot be read here. */
export async function values(
  path: string,
  topic: string,
  options: { warn?: (line: string) => void; onElsewhere?: (line: string) => void } = {},
): Promise<string[]> {
  const { warn, onElsewhere } = options
  const consumer = await openLocal(path, warn && { warn }).consumer({
    untilEnd: true,
    ...(onElsewhere && { onElsewhere }),
  })
  try {
    await consumer.subscribe([topic])
    consumer.seekToBeginning()
    const found: string[] = []
    for await (const { value } of consumer) found.push(String(value))
    return found
  } finally {
    await consumer.close()
  }
}
