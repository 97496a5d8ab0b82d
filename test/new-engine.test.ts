// What a newcomer does: generates an engine, mounts it and calls it; then follows docs/add-an-engine.md, whose
// code is taken from the page. All in a copy of the work tree, since both change it.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './support/free-port.ts'
import { runProgram } from './support/live-program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const COPIED = [
  'src',
  'test',
  'bench',
  'examples',
  'tools',
  'docs',
  'bin',
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.gitignore',
  'vitest.config.ts',
]
const STEP_MS = 400_000
let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'strongroom-new-engine-'))
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

async function run(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await runProgram(command, args, { cwd: copy, timeoutMs: STEP_MS })
  expect(code, `${command} ${args.join(' ')}\n${output}`).toBe(0)
  return output
}
const bin = (name: string): string => join('node_modules', name)
const typeCheck = () => run('node', bin('typescript/bin/tsc'), '-p', 'tsconfig.json')
const lint = () => run('node', bin('@biomejs/biome/bin/biome'), 'check', 'src')
const test = (folder: string) => run('node', bin('vitest/vitest.mjs'), 'run', folder)

/** The blocks of the page that say which file they are. */
function filesOfPage(): ReadonlyMap<string, string> {
  const page = readFileSync(join(root, 'docs/add-an-engine.md'), 'utf8')
  const blocks = page.matchAll(/^```ts file=(\S+)\n([\s\S]*?)^```$/gm)
  return new Map([...blocks].map(([, path, text]) => [path!, text!]))
}

describe('npm run new engine', () => {
  it(
    'makes an engine that passes the checks, can be mounted and called',
    async () => {
      await run('node', 'tools/new.mjs', 'engine', 'guest-book')
      // A word of the language, one of the generated file, one of the registry.
      const awkward = ['class', 'string', 'file-audit']
      for (const name of awkward) await run('node', 'tools/new.mjs', 'engine', name)
      await typeCheck()
      await lint()
      await test('src/engines/guest-book')
      for (const name of awkward) await test(`src/engines/${name}`)
    },
    STEP_MS,
  )

  it('says which names it takes', async () => {
    for (const name of ['two--dashes', 'end-', 'Upper', '../up', '']) {
      const args = ['tools/new.mjs', 'engine', name]
      const { code, output } = await runProgram('node', args, { cwd: copy, timeoutMs: STEP_MS })
      expect(code, name).toBe(1)
      expect(output).toContain('Usage: npm run new engine NAME')
    }
  })

  it(
    'makes what the guide builds on',
    async () => {
      await run('node', 'tools/new.mjs', 'engine', 'dropdir')
      const files = filesOfPage()
      expect(files.size).toBe(4)
      for (const [path, text] of files) {
        mkdirSync(dirname(join(copy, path)), { recursive: true })
        writeFileSync(join(copy, path), text)
      }
      await typeCheck()
      await lint()
      await test('src/engines/dropdir')
    },
    STEP_MS,
  )

  it(
    'serves it to the command line',
    async () => {
      const script = `set -eu
      export HOME=$PWD/home; mkdir -p "$HOME"
      ./bin/strongroom server -dev -dev-listen-address=127.0.0.1:$PORT -dev-root-token-id=root >server.log 2>&1 &
      server=$!; trap 'kill $server' EXIT
      export VAULT_ADDR=http://127.0.0.1:$PORT VAULT_TOKEN=root
      for i in $(seq 100); do ./bin/strongroom status >/dev/null 2>&1 && break; sleep 0.1; done
      ./bin/strongroom secrets enable guest-book
      ./bin/strongroom write guest-book/notes/first text=hello
      ./bin/strongroom read -field=text guest-book/notes/first; echo
      ./bin/strongroom path-help guest-book/notes/first`
      await run('node', 'tools/build.mjs')
      const { code, output } = await runProgram('sh', ['-c', script], {
        cwd: copy,
        env: { PORT: String(await freePort()) },
        timeoutMs: STEP_MS,
      })
      expect(code, output).toBe(0)
      expect(output).toContain('\nhello\n')
      expect(output).toContain('Create or change a note.')
    },
    STEP_MS,
  )
})
