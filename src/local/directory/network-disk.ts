/**
 * A word to who writes in a directory on a network disk: kernel locks may not reach the other machines that have it, so two of
 * them could write at once. Told once a process and directory; `TKAFKA_NETWORK_DISK=1` says that only this machine writes.
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
