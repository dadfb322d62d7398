import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(async () => {
  story = new Story()
  await story.says('topics --create --topic a')
})
afterEach(() => story.end())

describe('configs', () => {
  test('a topic setting is set, shown with where it comes from, and taken away', async () => {
    expect(
      await story.says(
        'configs --alter --topic a --add-config retention.ms=60000,cleanup.policy=[compact,delete]',
      ),
    ).toBe('Completed updating config for topic a.\n')
    expect(await story.says('configs --describe --topic a')).toBe(
      [
        'Dynamic configs for topic a are:',
        '  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}',
        '  retention.ms=60000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=60000}',
        '',
      ].join('\n'),
    )
    await story.says('configs --alter --topic a --delete-config retention.ms,cleanup.policy')
    expect(await story.says('configs --describe --topic a')).toBe('Dynamic configs for topic a are:\n')
  })

  test('of several changes none is made when one is wrong', async () => {
    expect(await story.fails('configs --alter --topic a --add-config retention.ms=5,no.such=1')).toBe(
      "Error while executing config command with args '--alter --topic a --add-config retention.ms=5,no.such=1'\nUnknown topic config name: no.such\n",
    )
    expect(await story.says('configs --describe --topic a')).toBe('Dynamic configs for topic a are:\n')
  })

  test('what a topic does not set it inherits from the broker defaults', async () => {
    await story.says('configs --alter --broker-defaults --add-config log.retention.ms=7200000')
    expect(await story.says('topics --describe --topic a')).toContain('retention.ms=7200000')
    expect(await story.says('configs --describe --topic a --all')).toContain(
      '  retention.ms=7200000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=7200000, DEFAULT_CONFIG:log.retention.hours=168}',
    )
  })

  test('settings come from a properties file', async () => {
    story.file('c.properties', '# two\nretention.ms = 5\ncleanup.policy=compact,\\\n   delete\n')
    await story.says('configs --alter --topic a --add-config-file {DIR}/c.properties')
    const described = await story.says('configs --describe --topic a')
    expect(described).toContain('  cleanup.policy=compact,delete ')
    expect(described).toContain('  retention.ms=5 ')
  })

  test('quotas of users and clients are kept and described', async () => {
    await story.says('configs --alter --user alice --client app --add-config producer_byte_rate=5')
    expect(await story.says('configs --describe --user alice --client app')).toBe(
      "Quota configs for user-principal 'alice', client-id 'app' are producer_byte_rate=5.0\n",
    )
    expect(await story.fails('configs --alter --client app --add-config consumer_byte_rate=5.7')).toContain(
      'consumer_byte_rate cannot be a fractional value.',
    )
  })

  test('SCRAM credentials are stored without the password', async () => {
    await story.says(
      'configs --alter --user bob --add-config SCRAM-SHA-256=[iterations=8192,password=s3cret]',
    )
    expect(await story.says('configs --describe --user bob')).toBe(
      "SCRAM credential configs for user-principal 'bob' are SCRAM-SHA-256=iterations=8192\n",
    )
    const { default: fs } = await import('node:fs')
    const log = fs.readFileSync(`${story.data}/__cluster_metadata-0/00000000000000000000.log`)
    expect(log.includes('bob')).toBe(true)
    expect(log.includes('s3cret')).toBe(false)
    await story.says('configs --alter --user bob --delete-config SCRAM-SHA-256')
    expect(await story.says('configs --describe --user bob')).toBe('')
  })

  test('a broker setting that only a restart can change is refused', async () => {
    expect(
      await story.fails('configs --alter --broker-defaults --add-config log.retention.hours=5'),
    ).toContain('Cannot update these configs dynamically: [log.retention.hours]')
  })
})
