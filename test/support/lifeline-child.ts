/** Offers a lifeline and prints its address; holds the one it was given. Lives as long as its standard input, or as its lines keep it. */
import { systemOs } from '../../src/os/system-os.ts'

const lines = systemOs.lifelines
const own = lines?.offer()
process.stdout.write(`${own?.address}\n`)
const [mode, other] = process.argv.slice(2)
if (other !== undefined) lines?.hold(other, () => {})
if (own !== undefined) lines?.hold(own.address, () => {})
if (mode === 'stay') process.stdin.resume()
