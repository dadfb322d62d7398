/** Flags of console-consumer beyond Kafka's: ranges, filters, formats, output for programs. */
import type { Flag } from '../../cli/command.ts'
import { outputFlag } from '../../cli/machine-output.ts'

const POINTS =
  "an offset, a time (2026-11-21T10:00:00Z, 2026-11-21, UTC without a zone), a duration back from now (-30m, -1h30m, -2d), 'earliest', 'end', or 'end-100' (counting records). Applies to each partition by itself."

const FORMATS = 'utf8, hex, base64, json, int16, int32, int64, float, double or uuid'

export const ADDED_FLAGS = [
  {
    name: 'from',
    arg: 'required',
    argName: 'point',
    addition: true,
    description: `Where to begin: ${POINTS}`,
  },
  {
    name: 'to',
    arg: 'required',
    argName: 'point',
    addition: true,
    description:
      'Where to end, not included; at the latest at the end of each partition as it is at the start. Points as for --from.',
  },
  {
    name: 'grep',
    arg: 'required',
    argName: 'regex',
    repeatable: true,
    addition: true,
    description:
      'Only records whose value matches; (?i) in front ignores case. Of several, each must match. --max-messages counts matches.',
  },
  {
    name: 'where',
    arg: 'required',
    argName: 'expression',
    repeatable: true,
    addition: true,
    description:
      'Only records for which this holds: key, value, value.a.b[0] (JSON), headers[\'x\'], topic, partition, offset, timestamp; == != < <= > >= =~ !~ && || ! ( ). Example: value.mag >= 5 && key =~ "^us"',
  },
  {
    name: 'key-format',
    arg: 'required',
    argName: 'format',
    addition: true,
    description: `How keys are stored, for showing them: ${FORMATS}.`,
  },
  {
    name: 'value-format',
    arg: 'required',
    argName: 'format',
    addition: true,
    description: `How values are stored, for showing them: ${FORMATS}.`,
  },
  outputFlag,
] as const satisfies readonly Flag[]

/** Any of them, and the code behind is loaded. */
export const ADDED_NAMES = ADDED_FLAGS.map(({ name }) => name)
