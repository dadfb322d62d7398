import { defineConfig } from 'vitest/config'
import { moveClocks } from './test/support/test-clock.ts'

moveClocks()

/** The attack bench in full: `npm run test:attacks`. See test/attacks/attacks.test.ts. */
export default defineConfig({
  test: {
    include: ['test/attacks/**/*.test.ts'],
    env: { TKAFKA_BENCH: 'attacks' },
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    maxConcurrency: 2,
    disableConsoleIntercept: true,
  },
})
