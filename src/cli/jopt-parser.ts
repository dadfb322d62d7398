/** Command lines as jopt-simple reads them, the parser of Kafka's Scala and Java tools. */
import type { Flag } from './command.ts'
import type { Occurrence } from './options.ts'

/**
 * The genuine tools parse with jopt-simple, whose habits differ from commander's: one dash does for long names
 * (`-list`), a switch ignores `=value`, an argument is taken whatever it looks like (`--offset -1`), stray words are
 * ignored, nothing may be shortened, and the messages are its own. So the words are brought into the one form that
 * commander cannot misread (`--name` or `--name=value`). Where every one of them has its row and its argument there is
 * nothing left to decide; else commander, which takes longer to load than all else here, finds out what to complain of.
 */
export async function parseJopt(
  flags: ReadonlyMap<string, Flag>,
  args: readonly string[],
): Promise<{ found: Occurrence[]; words: string[] }> {
  const { canonical, found, words, wrong } = canonicalise(flags, args)
  if (wrong) {
    const { complain } = await import('./jopt-complaints.ts')
    complain(flags, canonical)
  }
  return { found, words }
}

/** jopt's reading of the words, one by one. */
function canonicalise(
  flags: ReadonlyMap<string, Flag>,
  args: readonly string[],
): { canonical: string[]; found: Occurrence[]; words: string[]; wrong: boolean } {
  const canonical: string[] = []
  const found: Occurrence[] = []
  const words: string[] = []
  let wrong = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === '--') {
      words.push(...args.slice(i + 1))
      break
    }
    if (!looksLikeFlag(arg)) {
      words.push(arg)
      continue
    }
    const body = arg.slice(arg.startsWith('--') ? 2 : 1)
    const equals = body.indexOf('=')
    const name = equals < 0 ? body : body.slice(0, equals)
    const flag = flags.get(name)
    if (flag === undefined) {
      // With one dash jopt reads a cluster of one-letter flags and names the first that it does not know.
      canonical.push(`--${arg.startsWith('--') ? name : name.slice(0, 1)}`)
      wrong = true
      continue
    }
    let value: string | undefined
    if (flag.arg !== undefined && equals >= 0) value = body.slice(equals + 1)
    else if (takesNext(flag, args[i + 1])) value = args[++i]
    else if (flag.arg === 'required') wrong = true
    canonical.push(value === undefined ? `--${name}` : `--${name}=${value}`)
    found.push({ flag, value })
  }
  return { canonical, found, words, wrong }
}

/** Whether the word behind a flag without `=` is its argument. */
function takesNext(flag: Flag, next: string | undefined): boolean {
  if (flag.arg === undefined || next === undefined) return false
  const isNumber = flag.type !== undefined && flag.type !== 'string' && /^-\d+$/.test(next)
  return flag.arg === 'required' || isNumber || !looksLikeFlag(next)
}

function looksLikeFlag(arg: string): boolean {
  return arg.startsWith('-') && arg !== '-' && arg !== '--'
}
