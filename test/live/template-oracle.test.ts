// src/template beside Go's text/template and sprig themselves (tools/oracles/template): what is printed is the same byte
// for byte, and so are the errors, in every written case and in random templates.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { goStringMap } from '../../src/template/go-values.ts'
import { sprigFunctions } from '../../src/template/sprig.ts'
import { parseTemplate, type TemplateOptions } from '../../src/template/template.ts'
import { TemplateError } from '../../src/template/template-error.ts'
import { cachedFolder, requireProgram, runProgram } from '../support/live-program.ts'
import { DATA } from './template-cases/data.ts'
import { everyCase, type TemplateCase } from './template-cases/every-case.ts'
import { randomTemplate } from './template-cases/random-case.ts'
import { randomTextCase } from './template-cases/random-texts.ts'

const source = fileURLToPath(new URL('../../tools/oracles/template/', import.meta.url))
const BUILD_MS = 240_000
const RANDOM_CASES = 2000
const RANDOM_TEXTS = 6000

interface Answer {
  /** Bytes as base64; null: none. */
  readonly output: string | null
  readonly error?: string
}

let program: string

beforeAll(async () => {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => join(source, name))
  const folder = await cachedFolder('template-oracle', sources, async (made) => {
    const args = ['build', '-buildvcs=false', '-o', join(made, 'oracle'), '.']
    const { code, output } = await runProgram('go', args, { cwd: source, timeoutMs: BUILD_MS })
    if (code !== 0) throw new Error(`the template oracle could not be built: ${output}`)
  })
  program = join(folder, 'oracle')
}, BUILD_MS + 30_000)

/** Go's answers, in order. Its local time is UTC, as ours is here. */
function askGo(cases: readonly TemplateCase[]): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { env: { ...process.env, TZ: 'UTC' } })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', () => {
      const lines = Buffer.concat(chunks).toString().trim().split('\n')
      resolve(lines.map((line) => JSON.parse(line) as Answer))
    })
    child.stdin.end(`${cases.map((of) => JSON.stringify(of)).join('\n')}\n`)
  })
}

const sprig = sprigFunctions({ timeZone: 'UTC' })

function askOurs(of: TemplateCase): { output: string; error: string } {
  const options: TemplateOptions = {
    ...(of.plain ? {} : { functions: sprig }),
    ...(of.name === undefined ? {} : { name: of.name }),
    ...(of.left === undefined ? {} : { leftDelim: of.left }),
    ...(of.right === undefined ? {} : { rightDelim: of.right }),
    ...(of.missingKey === 'zero' || of.missingKey === 'error' ? { missingKey: of.missingKey } : {}),
  }
  const data = of.strings ? goStringMap(of.data as Record<string, string>) : of.data
  try {
    const output = parseTemplate(of.template, options).renderBytes(data).toString('base64')
    return { output, error: '' }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return { output: '', error: error.message }
  }
}

/** The cases in which we and Go differ. `isLoose`: both may fail in different words. */
async function differences(cases: readonly TemplateCase[], isLoose: boolean): Promise<string[]> {
  const answers = await askGo(cases)
  expect(answers.length).toBe(cases.length)
  return cases.flatMap((of, i) => {
    const { output, error = '' } = answers[i]!
    const ours = askOurs(of)
    const isSame =
      error === '' || ours.error === ''
        ? error === ours.error && (output ?? '') === ours.output
        : isLoose || error === ours.error
    if (isSame) return []
    const shown = (text: string | null): string => Buffer.from(text ?? '', 'base64').toString()
    const go = error || shown(output)
    return [`${of.template}\n  go:   ${go}\n  ours: ${ours.error || shown(ours.output)}`]
  })
}

describe('templates beside Go', () => {
  it('give the same in every written case, errors too', async () => {
    const cases = everyCase()
    expect(cases.length).toBeGreaterThan(600)
    expect(await differences(cases, false)).toEqual([])
  }, 120_000)

  it('use every function of sprig in the written cases', () => {
    const words = new Set(everyCase().flatMap(({ template }) => template.match(/\w+/g) ?? []))
    expect([...sprig.keys()].filter((name) => !words.has(name))).toEqual([])
  })

  it('give the same for random templates', async () => {
    const templates = fc.sample(randomTemplate, { numRuns: RANDOM_CASES, seed: 20_260 })
    const cases = templates.map((template) => ({ template, data: DATA }))
    expect(await differences(cases, true)).toEqual([])
  }, 120_000)

  it('give the same for random formats, expressions, layouts, versions, URLs and JSON', async () => {
    const cases = fc.sample(randomTextCase, { numRuns: RANDOM_TEXTS, seed: 20_261 })
    expect(await differences(cases, true)).toEqual([])
  }, 120_000)
})
