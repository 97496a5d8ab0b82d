// Counts tests for the last line of `npm test` and writes them where tools/test.mjs reads them.
import { writeFileSync } from 'node:fs'

// vitest loads reporters by their default export.
// biome-ignore lint/style/noDefaultExport: vitest's contract
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1
      for (const test of module.children.allTests()) {
        const state = test.result().state
        if (state === 'passed' || state === 'failed') count[state] += 1
        else count.skipped += 1
      }
    }
    const file = process.env.STRONGROOM_TEST_SUMMARY
    if (file) writeFileSync(file, JSON.stringify(count))
  }
}
