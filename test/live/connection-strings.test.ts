// Connection strings against the parsers of the real Go drivers (tools/oracles/connection-strings): the
// stored expectations are what they answer today, and strings made at random mean the same to us.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DsnAnswer, type DsnCase, dsnAnswer } from '../support/go-dsn-answer.ts'
import { cachedFolder, requireProgram, runProgram } from '../support/live-program.ts'
import { type PgCase, pgAnswer, withDefaults } from '../support/pg-string-answer.ts'

const source = fileURLToPath(new URL('../../tools/oracles/connection-strings/', import.meta.url))
const casesFile = new URL('../../src/engines/database/mysql/go-dsn-cases.json', import.meta.url)
const pgCasesFile = new URL(
  '../../src/engines/database/postgresql/connection-string-cases.json',
  import.meta.url,
)
const BUILD_MS = 240_000
let program: string

beforeAll(async () => {
  await requireProgram('go', ['version'], 'install Go 1.25 or newer from go.dev/dl')
  const sources = readdirSync(source).map((name) => join(source, name))
  const folder = await cachedFolder('connection-strings', sources, async (made) => {
    const args = ['build', '-buildvcs=false', '-o', join(made, 'oracle'), '.']
    const { code, output } = await runProgram('go', args, { cwd: source, timeoutMs: BUILD_MS })
    if (code !== 0) throw new Error(`the oracle could not be built: ${output}`)
  })
  program = join(folder, 'oracle')
}, BUILD_MS + 30_000)

function oracle(kind: string, texts: readonly string[]): Promise<DsnAnswer[]> {
  return new Promise((resolve, reject) => {
    // No environment: the machine's own defaults and files of PostgreSQL are not to count.
    const child = spawn(program, ['-kind', kind], {
      env: { HOME: '/nonexistent' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', () =>
      resolve(
        output
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
    )
    child.stdin.end(texts.map((text) => `${JSON.stringify(text)}\n`).join(''))
  })
}

const word = fc.string({ unit: fc.constantFrom(...'aB9@:/?&=%()[].,+-_ '), maxLength: 8 })
const param = fc.tuple(
  fc.constantFrom('tls', 'timeout', 'charset', 'collation', 'readTimeout', 'compress', 'x', 'loc'),
  fc.oneof(fc.constantFrom('true', '0', 'skip-verify', '1m5s', '3', '1.5h', '2d', '%40'), word),
)
const dsn = fc.oneof(
  word,
  fc
    .tuple(word, word, fc.constantFrom('tcp', 'unix', ''), word, word, fc.array(param))
    .map(([user, password, network, address, database, params]) => {
      const query = params.map(([name, value]) => `${name}=${value}`).join('&')
      return `${user}:${password}@${network}(${address})/${database}?${query}`
    }),
)

describe("Go's MySQL driver", () => {
  it('still answers the stored cases as stored', async () => {
    const cases: DsnCase[] = JSON.parse(readFileSync(casesFile, 'utf8'))
    const [usual, ...answers] = await oracle('mysql', ['x@/', ...cases.map((one) => one.dsn)])
    for (const [at, { dsn, config, error }] of cases.entries()) {
      const stored = config ? { config: { ...usual!.config, ...config } } : { error }
      expect(answers[at], dsn).toEqual(stored)
    }
  })

  it('understands 5,000 strings made at random as we do', async () => {
    const texts = fc.sample(dsn, 5000)
    const answers = await oracle('mysql', texts)
    for (const [at, text] of texts.entries()) {
      const ours = dsnAnswer(text)
      const theirs = answers[at]!
      // Which of several mistakes is named first may differ; that there is one may not.
      if (theirs.error !== undefined) expect(ours.error, text).toBeDefined()
      else expect(ours, text).toEqual(theirs)
    }
  })
})

const pgWord = fc.string({ unit: fc.constantFrom(..."aB9@:/?&=%[].,+-_ '\\#;"), maxLength: 8 })
const pgParam = fc.tuple(
  fc.constantFrom('sslmode', 'connect_timeout', 'dbname', 'user', 'port', 'host', 'x', 'options'),
  fc.oneof(
    fc.constantFrom('require', 'disable', 'verify-full', 'allow', '5', 'a b', '%40'),
    pgWord,
  ),
)
const pgString = fc.oneof(
  pgWord,
  fc
    .tuple(pgWord, pgWord, fc.array(pgWord), pgWord, fc.array(pgParam))
    .map(([user, password, hosts, database, params]) => {
      const query = params.map(([name, value]) => `${name}=${value}`).join('&')
      return `postgres://${user}:${password}@${hosts.join(',')}/${database}?${query}`
    }),
  fc.array(pgParam).map((params) => params.map(([name, value]) => `${name}=${value}`).join(' ')),
  fc
    .array(pgParam)
    .map((params) => params.map(([name, value]) => `${name} = '${value}'`).join(' ')),
)

describe("Go's PostgreSQL driver", () => {
  const ask = async (texts: readonly string[]) => {
    const [machine, ...answers] = await oracle('postgresql', ['', ...texts])
    const { user, attempts } = machine!.config as { user: string; attempts: { host: string }[] }
    const defaults = { user, host: attempts[0]!.host }
    return answers.map((answer) => withDefaults(answer, defaults))
  }

  it('still answers the stored cases as stored', async () => {
    const cases: PgCase[] = JSON.parse(readFileSync(pgCasesFile, 'utf8'))
    const answers = await ask(cases.map(({ text }) => text))
    for (const [at, { text, ...stored }] of cases.entries()) {
      expect(answers[at], text).toEqual(stored)
    }
  })

  it('understands 5,000 strings made at random as we do', async () => {
    const texts = fc.sample(pgString, 5000)
    const answers = await ask(texts)
    for (const [at, text] of texts.entries()) expect(pgAnswer(text), text).toEqual(answers[at])
  })
})
