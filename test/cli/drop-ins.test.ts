import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin', import.meta.url))

/** The scripts of Kafka 4.4's bin folder, and three of older ones that courses still call. */
const SCRIPTS = `connect-distributed connect-mirror-maker connect-plugin-path connect-standalone kafka-acls
  kafka-broker-api-versions kafka-client-metrics kafka-cluster kafka-configs kafka-console-consumer
  kafka-console-producer kafka-console-share-consumer kafka-consumer-groups kafka-consumer-perf-test
  kafka-delegation-tokens kafka-delete-records kafka-dump-log kafka-e2e-latency kafka-features kafka-get-offsets
  kafka-groups kafka-jmx kafka-leader-election kafka-log-dirs kafka-metadata-quorum kafka-metadata-shell
  kafka-producer-perf-test kafka-reassign-partitions kafka-replica-verification kafka-run-class kafka-server-start
  kafka-server-stop kafka-share-consumer-perf-test kafka-share-groups kafka-storage kafka-streams-application-reset
  kafka-streams-groups kafka-topics kafka-transactions kafka-verifiable-consumer kafka-verifiable-producer
  kafka-verifiable-share-consumer trogdor kafka-mirror-maker zookeeper-server-start zookeeper-server-stop`
  .split(/\s+/)
  .map((name) => `${name}.sh`)

/** As courses have it, from starting to stopping, with an address everywhere. */
const COURSE = `set -e
step() { echo "== $1"; }
B="--bootstrap-server localhost:9092"
step start
zookeeper-server-start.sh -daemon config/zookeeper.properties
kafka-server-start.sh -daemon config/server.properties --override log.retention.hours=1
kafka-server-start.sh config/server.properties &
wait
until kafka-broker-api-versions.sh $B > /dev/null; do sleep 0.1; done
step topics
kafka-topics.sh $B --create --topic quickstart-events --partitions 2 --replication-factor 1
kafka-topics.sh --list --bootstrap-server 127.0.0.1:9092
kafka-topics.sh --describe --topic quickstart-events $B | grep -c Partition:
step produce
printf 'one:first\\ntwo:second\\none:third\\n' | kafka-console-producer.sh $B --topic quickstart-events \\
  --property parse.key=true --property key.separator=: 2> /dev/null
step consume
kafka-console-consumer.sh $B --topic quickstart-events --from-beginning --group students \\
  --max-messages 3 --timeout-ms 10000 2> /dev/null | sort
step groups
kafka-consumer-groups.sh $B --list
kafka-consumer-groups.sh $B --describe --group students 2> /dev/null | awk '$1 == "students" { lag += $6 } END { print "lag", lag }'
kafka-consumer-groups.sh $B --group students --topic quickstart-events --reset-offsets --to-earliest --execute | awk '$1 == "students" { moved += $4 } END { print "at", moved }'
step offsets
kafka-run-class.sh kafka.tools.GetOffsetShell --broker-list localhost:9092 --topic quickstart-events --time -1 --offsets 1 | wc -l | tr -d ' '
kafka-run-class.sh org.apache.kafka.tools.GetOffsetShell $B --topic quickstart-events | awk -F: '{ n += $3 } END { print n }'
kafka-get-offsets.sh $B --topic quickstart-events --time -2
step configs
kafka-configs.sh $B --alter --entity-type topics --entity-name quickstart-events --add-config retention.ms=60000
kafka-configs.sh $B --describe --entity-type topics --entity-name quickstart-events | grep -c retention.ms=60000
step perf
kafka-producer-perf-test.sh --topic load --num-records 50 --record-size 10 --throughput -1 --producer-props bootstrap.servers=localhost:9092 2> /dev/null | grep -o '^50 records sent'
step stop
kafka-topics.sh $B --delete --topic quickstart-events
kafka-topics.sh $B --list --exclude-internal
kafka-server-stop.sh
zookeeper-server-stop.sh
`

const SAID = `== start
zookeeper-server-start: there is nothing to start; neither tkafka nor Kafka 4 has a ZooKeeper
server-start: there is nothing to start; the tools work straight on the data directory (tkafka status shows which one)
server-start: there is nothing to start; the tools work straight on the data directory (tkafka status shows which one)
== topics
Created topic quickstart-events.
quickstart-events
2
== produce
== consume
first
second
third
== groups
students
lag 0
at 0
== offsets
2
3
quickstart-events:0:0
quickstart-events:1:0
== configs
Completed updating config for topic quickstart-events.
1
== perf
50 records sent
== stop
load
server-stop: there is nothing to stop; no process runs between two commands
zookeeper-server-stop: there is nothing to stop; neither tkafka nor Kafka 4 has a ZooKeeper
`

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

describe('drop-ins', () => {
  test('every script of Kafka is there, executable, and a small file of Node', () => {
    for (const script of SCRIPTS) {
      const file = path.join(bin, script)
      expect(fs.statSync(file).mode & 0o111, script).toBe(0o111)
      expect(fs.readFileSync(file, 'utf8'), script).toMatch(
        /^#!\/usr\/bin\/env node\n'use strict'\nrequire\(/,
      )
    }
  })

  test('a course script runs unchanged', async () => {
    story.file('course.sh', COURSE)
    const { stdout, stderr, exitCode } = await execa('bash', ['course.sh'], {
      cwd: story.dir,
      extendEnv: false,
      env: {
        PATH: `${bin}:${path.dirname(process.execPath)}:/usr/bin:/bin`,
        HOME: story.dir,
        TKAFKA_DATA_DIR: story.data,
        TKAFKA_LOCAL_BOOTSTRAP: 'localhost:9092',
        ...ownClock().env,
      },
      reject: false,
      stripFinalNewline: false,
    })
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: SAID, stderr: '', exitCode: 0 })
  }, 60_000)

  test('tools that need a cluster, or are not built, say so and fail', async () => {
    for (const tool of [
      'connect-standalone',
      'mirror-maker',
      'metadata-shell',
      'console-share-consumer',
      'jmx',
    ])
      expect(await story.fails(`${tool} --whatever x`)).toMatch(new RegExp(`^${tool}: .*\n$`))
    expect(await story.fails('run-class org.example.Main')).toContain('there is no JVM here')
    expect(await story.says('server-start --version')).toBe('4.4.0\n')
  })
})
