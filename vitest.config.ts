// Which files are tests, and how many run at once.
import { defineConfig } from 'vitest/config'

// One worker per core at most: the suites start real servers of their own.
export default defineConfig({
  test: {
    include: ['{src,test,bench}/**/*.test.ts', 'tools/**/*.test.mjs'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './tools/summary-reporter.mjs'],
  },
})
