// Holds commit messages to CONTRIBUTING.md: a subject of at most 72 characters, an empty line, a body that says why.
//   node scripts/check-commits.mjs [BASE]
// Looks at the commits behind BASE; those before it were made without the rule and stay as they are.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const FIRST_RULED_BY = 'd276c67'
const LONGEST_SUBJECT = 72

const root = fileURLToPath(new URL('..', import.meta.url))
const base = process.argv[2] ?? FIRST_RULED_BY

/** Output of git in the project; undefined when it fails. */
function git(/** @type {string[]} */ ...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout : undefined
}

if (git('rev-parse', '--verify', '--quiet', `${base}^{commit}`) === undefined) {
  console.log(`check-commits: this is no git clone with commit ${base}: no message was looked at`)
  process.exit(0)
}
const commits = (git('log', '--no-merges', '-z', '--format=%h%n%B', `${base}..HEAD`) ?? '')
  .split('\0')
  .filter((text) => text !== '')
const problems = commits.flatMap((text) => {
  const [hash, subject, ...rest] = text.split('\n')
  const body = rest.join('\n').trim()
  const found = []
  if (subject.length > LONGEST_SUBJECT) found.push(`its subject has ${subject.length} characters`)
  if (rest[0] !== undefined && rest[0] !== '') found.push('no empty line follows its subject')
  if (body === '') found.push('it has no body')
  return found.map((problem) => `${hash} ${subject}: ${problem}`)
})
for (const problem of problems) console.error(problem)
console.log(`check-commits: ${commits.length} messages, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0
