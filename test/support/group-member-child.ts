/** A member in a process of its own, for tests: prints a line of JSON for everything that happens to it. */
import { GroupMember } from '../../src/group/group-member.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { fakeImage } from './fake-image.ts'

const options = JSON.parse(process.argv[2] as string) as {
  logDir: string
  groupId: string
  memberId: string
  topics: Record<string, number>
  assignors?: string[]
  groupInstanceId?: string
  sessionTimeoutMs?: number
}
const say = (event: object): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
const member = GroupMember.join({
  os: systemOs,
  ...options,
  clientId: 'test',
  subscription: { topics: Object.keys(options.topics) },
  image: () => fakeImage(options.topics),
  onAssigned: (partitions) => say({ assigned: partitions.map((p) => `${p.topic}-${p.partition}`) }),
  onRevoked: async (partitions) => say({ revoked: partitions.map((p) => `${p.topic}-${p.partition}`) }),
  onError: (error) => say({ error: error.message }),
})
void member.ready().then(() => say({ ready: true }))
process.stdin.on('data', async () => {
  await member.leave()
  say({ left: true })
  process.exit(0)
})
