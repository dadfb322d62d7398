import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMMITTED = path.join(ROOT, 'src/message/generated')

test("the schemas of src/message/generated are those of Kafka's own jars", () => {
  const again = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-schemas-'))
  try {
    execFileSync(process.execPath, [path.join(ROOT, 'scripts/make-schemas.mjs'), '--to', again])
    expect(fs.readdirSync(again).sort()).toEqual(fs.readdirSync(COMMITTED).sort())
    for (const file of fs.readdirSync(COMMITTED)) {
      const made = fs.readFileSync(path.join(again, file), 'utf8')
      expect(fs.readFileSync(path.join(COMMITTED, file), 'utf8'), file).toBe(made)
    }
  } finally {
    fs.rmSync(again, { recursive: true })
  }
})
