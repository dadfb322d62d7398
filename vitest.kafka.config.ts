import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/kafka/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    fileParallelism: false,
    retry: Number(process.env.TKAFKA_TEST_RETRY ?? 0),
  },
})
