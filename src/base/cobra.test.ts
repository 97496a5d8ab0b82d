// A tree of commands: finding them, help, errors and completion, as cobra has them.
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type CobraCommand, exactArguments, mostArguments, runCobra } from './cobra.ts'
import { boolFlag, stringFlag } from './pflag.ts'

const seen: unknown[] = []
const note: CobraCommand['run'] = async ({ values, args, changed }) => {
  seen.push({ values: { ...values }, args, changed: [...changed] })
  return 7
}

const ROOT: CobraCommand = {
  use: 'tool',
  short: 'A tool',
  version: '1.2',
  persistentFlags: {
    config: stringFlag('a file', '', { shorthand: 'c' }),
    loud: boolFlag('louder', { shorthand: 'l' }),
    mode: stringFlag('how', 'a', { choices: ['a', 'ab', 'b'] }),
  },
  commands: [
    {
      use: 'copy [flags] FROM TO',
      aliases: ['cp'],
      short: 'copy things',
      example: '  tool copy a b',
      flags: { force: boolFlag('even if there', { shorthand: 'f' }) },
      accepts: exactArguments(2),
      run: note,
    },
    {
      use: 'show',
      short: 'show things',
      accepts: mostArguments(1),
      run: note,
      completes: () => ['x', 'y\tthe y'],
    },
    { use: 'old', short: 'the former', isHidden: true, run: note },
    {
      use: 'set',
      short: 'settings',
      commands: [{ use: 'get NAME', short: 'get one', run: note }],
    },
  ],
}

async function run(...argv: string[]) {
  const texts = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[name] += String(chunk)
        done()
      },
    })
  const streams = { stdin: process.stdin, stdout: sink('stdout'), stderr: sink('stderr') }
  seen.length = 0
  return { ...(await runCobra(ROOT, argv, streams)), ...texts, seen: seen[0] }
}

describe('commands', () => {
  it('are found between flags of the root and their own', async () => {
    for (const argv of [
      ['copy', '-f', 'a', 'b', '--config', 'copy'],
      ['-c', 'copy', 'cp', 'a', '--force', 'b'],
      ['--config=copy', 'copy', 'a', 'b', '-f'],
    ]) {
      expect(await run(...argv)).toMatchObject({
        code: 7,
        error: null,
        seen: { args: ['a', 'b'], values: { config: 'copy', force: true, loud: false } },
      })
    }
    expect(await run('set', '-l', 'get', 'x')).toMatchObject({ code: 7, seen: { args: ['x'] } })
    expect(await run('show', '--', '-l')).toMatchObject({ seen: { args: ['-l'] } })
  })

  it('that are unknown or wrongly called end with words', async () => {
    expect(await run('shwo')).toMatchObject({
      code: 1,
      error: 'unknown command "shwo" for "tool"\n\nDid you mean this?\n\tshow\n',
      stderr: expect.stringContaining("\nRun 'tool --help' for usage.\n"),
    })
    expect(await run('xyz')).toMatchObject({ error: 'unknown command "xyz" for "tool"' })
    expect(await run('copy', 'a')).toMatchObject({ error: 'accepts 2 arg(s), received 1' })
    expect(await run('show', 'a', 'b')).toMatchObject({
      error: 'accepts at most 1 arg(s), received 2',
    })
    const { stderr, error, seen: called } = await run('show', '--nope')
    expect([error, called]).toEqual(['unknown flag: --nope', undefined])
    expect(stderr).toMatch(/^Error: unknown flag: --nope\nUsage:\n {2}tool show \[flags\]\n/)
  })
})

describe('help', () => {
  it('shows commands, aliases, examples and flags', async () => {
    expect((await run('copy', '--help')).stdout).toBe(`copy things

Usage:
  tool copy [flags] FROM TO

Aliases:
  copy, cp

Examples:
  tool copy a b

Flags:
  -f, --force   even if there
  -h, --help    help for copy

Global Flags:
  -c, --config string   a file
  -l, --loud            louder
      --mode string     how (default "a")
`)
    const { stdout } = await run()
    expect(stdout).toBe(`A tool

Usage:
  tool [command]

Available Commands:
  completion  Generate the autocompletion script for the specified shell
  copy        copy things
  help        Help about any command
  set         settings
  show        show things

Flags:
  -c, --config string   a file
  -h, --help            help for tool
  -l, --loud            louder
      --mode string     how (default "a")
  -v, --version         version for tool

Use "tool [command] --help" for more information about a command.
`)
    expect((await run('help', 'copy')).stdout).toBe((await run('copy', '-h')).stdout)
    expect(await run('help', 'nope')).toMatchObject({ stdout: '', code: 0 })
    expect((await run('-v')).stdout).toBe('tool version 1.2\n')
  })
})

describe('completion', () => {
  const words = async (...typed: string[]) => (await run('__complete', ...typed)).stdout.split('\n')

  it('offers commands, flags, values and arguments', async () => {
    expect(await words('s')).toEqual(['set\tsettings', 'show\tshow things', ':4', ''])
    expect(await words('set', '')).toEqual(['get\tget one', ':4', ''])
    expect(await words('copy', '--f')).toEqual(['--force\teven if there', ':4', ''])
    expect(await words('--mode', 'a')).toEqual(['a', 'ab', ':4', ''])
    expect(await words('copy', '--mode=b')).toEqual(['b', ':4', ''])
    expect(await words('copy', '-c', '')).toEqual([':0', ''])
    expect(await words('show', '')).toEqual(['x', 'y\tthe y', ':4', ''])
    expect((await run('__completeNoDesc', 'show', '')).stdout).toBe('x\ny\n:4\n')
  })

  it('has a script for each shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      expect((await run('completion', shell)).stdout).toContain('__complete')
    }
  })
})
