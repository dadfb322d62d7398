/**
 * Warns a writer that its directory lies on a network disk: kernel locks may not reach the other machines that mount it, so two of
 * them could write at once. The warning comes once for each process and directory; `TKAFKA_NETWORK_DISK=1` says that only this
 * machine writes, and turns it off.
 */
import type { Os } from '../../os/os.ts'

const told = new Set<string>()

export function warnOfNetworkDisk(os: Os, dir: string, warn: (line: string) => void): void {
  if (told.has(dir)) return
  told.add(dir)
  const type = os.fs.networkType?.(dir)
  if (type === undefined || process.env.TKAFKA_NETWORK_DISK === '1') return
  warn(
    `${dir} is on a network disk (${type}), where locks may not reach other machines: let only this one write here ` +
      '(TKAFKA_NETWORK_DISK=1 says that you know)',
  )
}
