/** lock-child FILE MODE: takes the lock, says so, and holds it until it is killed. */
import { systemOs } from '../../src/os/system-os.ts'

const [file, mode] = process.argv.slice(2)
const fd = systemOs.fs.open(file, 'a+')
if (!systemOs.locks.tryLock(fd, mode as 'shared' | 'exclusive')) throw new Error(`${file} is locked`)
console.log('held')
setInterval(() => {}, 1000)
