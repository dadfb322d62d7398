import { defineConfig } from 'vitest/config'
import { moveClocks } from './test/support/test-clock.ts'

moveClocks()

/** The fault bench in full: `npm run test:faults`. TKAFKA_SEED repeats a run; TKAFKA_KILLS sets how many processes die. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts', 'test/crash/**/*.test.ts', 'test/property/**/*.test.ts'],
    env: { TKAFKA_FAULTS: 'full' },
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    maxWorkers: 2,
    disableConsoleIntercept: true,
  },
})
