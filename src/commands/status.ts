/** `tkafka status`: which directory and why that one, made by whom, clean or not, who holds it, what is in it. */

import { refuseWords } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, wholeRow } from '../cli/machine-output.ts'
import { count } from '../count.ts'
import { bytes } from './log-cleaner/text.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import type { DirectoryReport } from './open/open-client.ts'
import { meansCluster, openReport } from './open/open-client.ts'

const MAX_PROBLEMS = 5

const STATUS_SHAPE = {
  kind: 'directory',
  columns: [
    'path',
    'why',
    'exists',
    'kind',
    'madeBy',
    'clusterId',
    'nodeId',
    'metadataVersion',
    'quorum',
    'state',
    'openPartitions',
    'holders',
    'topics',
    'internalTopics',
    'partitions',
    'partitionsHere',
    'nodes',
    'records',
    'compacted',
    'bytes',
    'groups',
    'serverProperties',
    'foreignFolders',
    'problems',
  ],
}

const FLAGS = [
  BOOTSTRAP_SERVER,
  BOOTSTRAP_CONTROLLER,
  COMMAND_CONFIG,
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'status',
  addition: true,
  summary: 'Tells which data directory (or cluster) is used, what it is, and who works in it.',
  flags: FLAGS,
  examples: [
    'tkafka status',
    'tkafka --data-dir /var/lib/kafka status',
    'tkafka status --bootstrap-server localhost:9092',
  ],
  async run(context) {
    refuseWords('status', context.options)
    if (meansCluster(context)) {
      const { clusterStatus } = await import('./status/cluster.ts')
      return await clusterStatus(context)
    }
    const report = await openReport(context)
    const machine = machineOutput(context, STATUS_SHAPE)
    if (machine === undefined) print(context, report)
    else await machine.all([wholeRow(STATUS_SHAPE, report)])
    return report.problems.length === 0 ? 0 : 1
  },
})

function print({ stdout, stderr }: Context, report: DirectoryReport): void {
  const row = (name: string, text: string) => stdout.line(`${name.padEnd(12)} ${text}`)
  row('Directory', report.path)
  row('Chosen by', chosenBy(report.why))
  if (!report.exists && report.problems.length === 0) {
    row('State', 'not there yet; the first write makes it')
    if (report.serverProperties) row('Settings', 'its server.properties is there')
  }
  if (report.exists) {
    row('Made by', madeBy(report))
    if (report.nodeId !== undefined) {
      row('Node', node(report))
    }
    row('State', state(report))
    const holders = report.holders.map(({ pid, broker, command: line }) => {
      const who = broker ? 'a broker' : 'tkafka'
      return `${who}, pid ${pid}${line === '' ? '' : ` (${line.length > 60 ? `${line.slice(0, 57)}...` : line})`}`
    })
    row('Held by', holders.length === 0 ? 'nobody' : holders.join('; '))
    const internal = report.internalTopics === 0 ? '' : `, and ${report.internalTopics} internal`
    const here = report.partitionsHere === report.partitions ? '' : `, ${report.partitionsHere} of them here`
    row('Topics', `${report.topics}${internal}; ${count(report.partitions, 'partition')}${here}`)
    const atMost = report.compacted ? 'at most ' : ''
    row('Records', `${atMost}${report.records}; ${bytes(report.bytes)} of segments`)
    row('Groups', String(report.groups))
    row('Settings', report.serverProperties ? 'server.properties of the directory' : "Kafka's defaults")
  }
  stdout.flush()
  for (const line of report.problems.slice(0, MAX_PROBLEMS)) stderr.line(line)
  const more = report.problems.length - MAX_PROBLEMS
  if (more > 0) stderr.line(`and ${more} more like these`)
}

/** `1 of 3 nodes of cluster X`. */
function node({ nodeId, nodes, clusterId, kind, quorum }: DirectoryReport): string {
  const several = nodes.length > 1 ? ` of ${nodes.length} nodes (${nodes.join(', ')})` : ''
  const cluster = clusterId === '' ? '' : ` of cluster ${clusterId}`
  return `${nodeId}${several}${cluster}${kind === 'log-dir' ? ` (${quorum} quorum)` : ''}`
}

function chosenBy(why: string): string {
  switch (why) {
    case '--data-dir':
      return '--data-dir on the command line'
    case 'TKAFKA_DATA_DIR':
      return 'the environment variable TKAFKA_DATA_DIR'
    case 'XDG_DATA_HOME':
      return 'default: tkafka in $XDG_DATA_HOME (no --data-dir, no TKAFKA_DATA_DIR)'
    default:
      return 'default: ~/.local/share/tkafka (no --data-dir, no TKAFKA_DATA_DIR)'
  }
}

function madeBy({ madeBy: maker, kind, metadataVersion }: DirectoryReport): string {
  const readOnly = kind === 'zookeeper' || kind === 'nameless' ? ' (read only here)' : ''
  const era = (kind === 'zookeeper' ? ' of the ZooKeeper era' : '') + readOnly
  const level = metadataVersion === undefined ? '' : `; metadata.version ${metadataVersion}`
  return (maker === 'tkafka' ? 'tkafka' : `Kafka${era}, adopted: nothing is deleted unasked`) + level
}

function state(report: DirectoryReport): string {
  const inUse = report.holders.length > 0
  if (!inUse && report.kind === 'zookeeper') {
    const last = report.state === 'clean' ? 'its last broker stopped in order' : 'its last broker was killed'
    return `${last}; no broker from Kafka 4.0 on starts on it, one of the ZooKeeper era may`
  }
  if (report.kind === 'nameless') return 'no broker starts on it: meta.properties is missing or empty'
  if (report.nodeId === undefined && report.problems.length > 0)
    return 'its metadata cannot be read; see tkafka check'
  if (!inUse && report.kind === 'without-metadata' && report.state === 'clean') {
    return 'clean: a broker may start with it beside the log directory that has the metadata'
  }
  if (!inUse && report.nodes.length > 1 && report.state === 'clean') {
    return 'clean: its broker may start at once, beside the others'
  }
  switch (report.state) {
    case 'clean':
      if (report.foreignFolders.length > 0) return noBroker(report.foreignFolders)
      if (report.problems.length > 0)
        return 'closed in order, but not whole: what was found is told below, tkafka check looks at all of it'
      return 'clean: a broker may start on it at once'
    case 'open': {
      const written = `${count(report.openPartitions.length, 'partition')} written to`
      return inUse
        ? `in use: ${written}`
        : `not closed: ${written} by a process that was killed; the next one checks`
    }
    default:
      if (!inUse && report.nodes.length > 1) {
        return 'not closed: its last user was killed; its broker checks it when it starts, beside the others'
      }
      return inUse ? 'in use' : 'not closed: its last user was killed; the next one checks all of it'
  }
}

function noBroker(folders: readonly string[]): string {
  const some = folders.slice(0, 3).join(', ') + (folders.length > 3 ? ', ...' : '')
  const what = folders.length === 1 ? "is no partition's folder" : "are no partitions' folders"
  return `clean, but no broker starts on it: ${some} ${what}; move the data into a folder of its own`
}
