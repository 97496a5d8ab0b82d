// An interrupt ends a scan with what was seen until then: said, and an exit code of its own.
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { bundleForTest } from '../../../test/support/run-bundled.ts'

async function interrupted(
  first: string,
): Promise<{ code: number | null; out: string; err: string }> {
  const script = await bundleForTest('../../src/cli/main.ts')
  const child = spawn(process.execPath, [script, 'scan', '-'], { stdio: 'pipe' })
  const texts = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.write(first)
  // The program has begun when it has taken more than a pipe holds.
  await new Promise<void>((resolve) => child.stdin.write('x\n'.repeat(500_000), () => resolve()))
  setTimeout(() => child.kill('SIGINT'), 300)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...texts }
}

describe('an interrupt', { timeout: 60_000 }, () => {
  it('says what was scanned', async () => {
    const { code, err } = await interrupted('nothing\n')
    expect(err).toContain('The scan was stopped by an interrupt')
    expect(err).toMatch(/Scanned 1 file, [\d.]+ (?:KB|MB)/)
    expect(code).toBe(3)
  })

  it('keeps what was found', async () => {
    const { code, out } = await interrupted(`key = ${'AK'}IA${'QYLPMN5HKX2RT3VW'}\n`)
    expect(out).toContain('aws-access-token')
    expect(code).toBe(1)
  })
})
