import { defineConfig } from 'vitest/config'
import { moveClocks } from './test/support/test-clock.ts'

moveClocks()

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/kafka/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    // One more than the two cores that the time limit is for: some tests wait.
    maxWorkers: 3,
    // A process for each of over a hundred files took a third of the time; what files share are caches alone.
    isolate: false,
    // CI allows one, and tells of it: its machines are shared, and the tests with real processes have deadlines.
    retry: Number(process.env.TKAFKA_TEST_RETRY ?? 0),
  },
})
