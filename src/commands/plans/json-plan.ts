/** Plans that people write as JSON for leader-election and reassign-partitions: what is wrong is named with its line. */
import { TerseError } from '../../errors.ts'
import { systemOs } from '../../os/system-os.ts'

/** The text of a plan, and where in it things stand. */
export class JsonPlan {
  readonly file: string
  readonly text: string
  readonly value: unknown
  /** What the parser said, when the text is no JSON. */
  readonly problem: string | undefined

  /** @throws TerseError when the file cannot be read */
  constructor(file: string) {
    this.file = file
    try {
      this.text = systemOs.fs.readUserFile(file).toString('utf8')
    } catch {
      throw new TerseError(`Unable to read file ${file}`)
    }
    try {
      this.value = JSON.parse(this.text)
    } catch (error) {
      this.problem = `${file}, line ${this.#lineOfSyntaxError(error as Error)}: ${(error as Error).message}`
    }
  }

  /** A field of an object. @throws TerseError that names the field and the line of the object */
  field(object: unknown, name: string, path: string): unknown {
    if (!isObject(object)) this.fail(`Expected JSON object, received ${JSON.stringify(object)}`, path)
    const value = (object as Record<string, unknown>)[name]
    if (value === undefined) this.fail(`No such field exists: \`${name}\``, path)
    return value
  }

  string(value: unknown, path: string): string {
    if (typeof value !== 'string')
      this.fail(`Expected \`String\` value, received ${JSON.stringify(value)}`, path)
    return value as string
  }

  int(value: unknown, path: string): number {
    if (typeof value !== 'number' || !Number.isInteger(value))
      this.fail(`Expected \`Integer\` value, received ${JSON.stringify(value)}`, path)
    return value as number
  }

  array(value: unknown, path: string): unknown[] {
    if (!Array.isArray(value)) this.fail(`Expected JSON array, received ${JSON.stringify(value)}`, path)
    return value as unknown[]
  }

  /** The genuine words first, then where: `partitions[3].replicas`, and its line. */
  fail(message: string, path: string): never {
    throw new TerseError(`${message}\n${this.where(path)}`)
  }

  where(path: string): string {
    return `${this.file}, line ${this.#lineOf(path)}: ${path === '' ? 'the whole plan' : path}`
  }

  #lineOfSyntaxError(error: Error): number {
    const at = /position (\d+)/.exec(error.message)?.[1]
    return lineAt(this.text, at === undefined ? this.text.length : Number(at))
  }

  /** Walks the text (which is JSON) along the path; stops at the last part that is there. */
  #lineOf(path: string): number {
    const parts = [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index))
    return lineAt(this.text, positionOf(this.text, parts))
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Position of the value at a path, or of the deepest part of it that exists. */
function positionOf(text: string, path: readonly (string | number)[]): number {
  let found = 0
  /** The keys and indexes that lead to where the walk is. */
  const here: (string | number)[] = []
  let deepest = -1
  let key: string | undefined
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') {
      here.pop()
      continue
    }
    const top = here.length - 1
    if (token === ',') {
      if (typeof here[top] === 'number') here[top] = (here[top] as number) + 1
      continue
    }
    if (token === ':') {
      here[top] = key ?? ''
      continue
    }
    const matched = here.length <= path.length && here.every((part, i) => part === path[i])
    if (matched && here.length > deepest) {
      deepest = here.length
      found = index
    }
    if (token === '{') here.push('')
    else if (token === '[') here.push(0)
    else if (token.startsWith('"')) key = token.slice(1, -1)
  }
  return found
}
