/** Finds the processes that hold a kernel lock on a file, for messages. */
import fs from 'node:fs'
import type { LockHolder } from './file-lock.ts'

/**
 * Who holds a kernel lock on a file: best effort, for messages, on Linux only (elsewhere nobody is found).
 *
 * /proc/locks lists each lock with its inode. A process lock (fcntl, a broker's) carries the pid; an open file
 * description lock (ours) carries -1, so its holder is searched among the open files of the processes that we may
 * look into: /proc/PID/fdinfo/FD has a `lock:` line for a lock that was taken through this descriptor.
 * In another pid namespace (a container) a holder is not seen.
 */
export function findLockHolders(file: string, only?: 'process'): LockHolder[] {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return []
  let text: string
  try {
    text = fs.readFileSync('/proc/locks', 'latin1')
  } catch {
    return []
  }
  const holders = new Map<number, LockHolder>()
  let anonymous = false
  for (const line of text.split('\n')) {
    // 1: POSIX  ADVISORY  WRITE 1234 08:01:131090 0 EOF
    const [, kind, , access, pidText, place] = line.trim().split(/\s+/)
    if (place === undefined || kind === '->' || kind === 'FLOCK') continue
    if (Number(place.slice(place.lastIndexOf(':') + 1)) !== stat.ino) continue
    if (kind === 'OFDLCK') anonymous = true
    if (kind !== 'POSIX') continue
    const pid = Number(pidText)
    // Inode numbers repeat across file systems and overlays rename devices, so the process must have the file open.
    if (!hasOpen(pid, stat)) continue
    holders.set(pid, { pid, exclusive: access === 'WRITE', processLock: true, ...describeProcess(pid) })
  }
  if (anonymous && only === undefined)
    for (const holder of holdersByDescriptor(stat)) holders.set(holder.pid, holder)
  return [...holders.values()]
}

/** True also where we may not look (another user's process): better a broker too many than one too few. */
function hasOpen(pid: number, file: fs.Stats): boolean {
  try {
    return descriptors(pid).some((fd) => isSame(`/proc/${pid}/fd/${fd}`, file))
  } catch {
    return true
  }
}

function* holdersByDescriptor(file: fs.Stats): Generator<LockHolder> {
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    try {
      for (const fd of descriptors(pid)) {
        if (!isSame(`/proc/${pid}/fd/${fd}`, file)) continue
        const info = fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1')
        const lock = /^lock:.* (READ|WRITE) /m.exec(info)
        if (lock === null) continue
        yield { pid, exclusive: lock[1] === 'WRITE', processLock: false, ...describeProcess(pid) }
        break
      }
    } catch {
      // Gone meanwhile, or not ours to look into.
    }
  }
}

function descriptors(pid: number): string[] {
  return fs.readdirSync(`/proc/${pid}/fd`)
}

function isSame(link: string, file: fs.Stats): boolean {
  const stat = fs.statSync(link, { throwIfNoEntry: false })
  return stat !== undefined && stat.ino === file.ino && stat.dev === file.dev
}

/** For messages; best effort. */
export function describeProcess(pid: number): { command: string; stopped: boolean } {
  return { command: commandOf(pid), stopped: isStopped(pid) }
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

/** State T (stopped) or t (by a debugger) in /proc/PID/stat, behind the command in brackets, which may hold anything. */
function isStopped(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
