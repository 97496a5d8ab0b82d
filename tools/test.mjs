// `npm test`: installs and builds what is missing, runs every test, ends with the line
// `N passed, N failed, N skipped`. Arguments are handed to vitest (a file, -t NAME).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, root } from './ensure.mjs'

ensureInstalled()
await ensureBuilt()
const scratch = mkdtempSync(join(tmpdir(), 'strongroom-test-'))
const summary = join(scratch, 'summary.json')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const result = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, STRONGROOM_TEST_SUMMARY: summary },
})
const count = existsSync(summary)
  ? JSON.parse(readFileSync(summary, 'utf8'))
  : { passed: 0, failed: 1, skipped: 0 }
rmSync(scratch, { recursive: true, force: true })
const failed = count.failed === 0 && result.status !== 0 ? 1 : count.failed
process.stdout.write(`${count.passed} passed, ${failed} failed, ${count.skipped} skipped\n`)
process.exitCode = failed > 0 || count.passed === 0 ? 1 : 0
