// Brings the file map of docs/design.md up to date: one row a source file, with the first sentence of its first comment.
//   npm run docs
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const file = path.join(root, 'docs/design.md')
const START = '| file | what it holds |\n|---|---|\n'

/** First sentence of the first block or line comment. */
function about(text) {
  const block =
    /^\s*(?:import[^\n]*\n|\s)*\/\*\*?([\s\S]*?)\*\//.exec(text) ?? /\/\*\*([\s\S]*?)\*\//.exec(text)
  const words = (block?.[1] ?? '')
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const sentence = /^.*?[.:](?=\s|$)/.exec(words)?.[0] ?? words
  return sentence.replace(/[.:]$/, '').replaceAll('|', '\\|')
}

const rows = fs
  .readdirSync(path.join(root, 'src'), { recursive: true })
  .filter((f) => f.endsWith('.ts'))
  .map((f) => `src/${f.split(path.sep).join('/')}`)
  .sort()
  .map((f) => `| \`${f}\` | ${about(fs.readFileSync(path.join(root, f), 'utf8'))} |`)

const text = fs.readFileSync(file, 'utf8')
const head = text.slice(0, text.indexOf(START) + START.length)
fs.writeFileSync(file, `${head}${rows.join('\n')}\n`)
