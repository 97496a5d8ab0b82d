// gitleaks' TOML: what it means beyond what test/live/gitleaks-findings.test.ts compares, and hostile texts.
import { describe, expect, it } from 'vitest'
import type { ScanConfig } from '../rule.ts'
import { ConfigError } from './config-error.ts'
import { parseConfig } from './parse-config.ts'

const DEFAULTS =
  '[[rules]]\nid = "base"\nregex = "b(a)se"\ntags = ["t"]\nkeywords = ["base"]\nentropy = 2\n'

function parse(toml: string, files: Readonly<Record<string, string>> = {}) {
  const warnings: string[] = []
  const surroundings = {
    readFile: (path: string): string => {
      const text = files[path]
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`)
      return text
    },
    defaultConfig: (): ScanConfig => parseConfig(DEFAULTS, '', surroundings),
    warn: (message: string, fields: Readonly<Record<string, string>>) =>
      warnings.push(`${message} ${JSON.stringify(fields)}`),
  }
  return { config: parseConfig(toml, 'main.toml', surroundings), warnings }
}
const refusal = (toml: string, files = {}): string => {
  try {
    parse(toml, files)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  return 'accepted'
}

describe('extension', () => {
  it('merges rules of the same id, the upper one first', () => {
    const own =
      '[extend]\nuseDefault = true\n[[rules]]\nid = "base"\nentropy = 3.5\ntags = ["own"]\nkeywords = ["K"]\n'
    const { config } = parse(`${own}[[rules]]\nid = "also"\nregex = "x"\n`)
    expect([...config.rules.keys()]).toEqual(['also', 'base'])
    expect(config.rules.get('base')).toMatchObject({
      regex: 'b(a)se',
      entropy: 3.5,
      tags: ['t', 'own'],
      keywords: ['base', 'k'],
    })
  })

  it('leaves disabled rules out and warns of those that are none', () => {
    const { config, warnings } = parse(
      '[extend]\nuseDefault = true\ndisabledRules = ["base", "none"]',
    )
    expect(config.rules.size).toBe(0)
    expect(warnings).toEqual([
      'Disabled rule doesn\'t exist in extended config. {"rule-id":"none","config":"default"}',
    ])
  })

  it('follows paths twice and no further, so that files can extend each other', () => {
    const next = (id: string, path: string): string =>
      `[extend]\npath = "${path}"\n[[rules]]\nid = "${id}"\nregex = "x"\n`
    const files = { a: next('a', 'b'), b: next('b', 'c'), c: next('c', 'a') }
    const { config } = parse(next('main', 'a'), files)
    expect([...config.rules.keys()]).toEqual(['a', 'b', 'main'])
  })

  it('says which file is missing', () => {
    expect(refusal('[extend]\npath = "gone.toml"')).toBe(
      'failed to load extended config, err: open gone.toml: no such file or directory',
    )
    expect(refusal('[extend]\npath = "a"\nuseDefault = true')).toBe(
      'unable to load config due to extend.path and extend.useDefault being set',
    )
  })
})

describe('what is refused', () => {
  it.each([
    [
      '[[rules]]\nregex = "x"\ndescription = "d"',
      'rule |id| is missing or empty, description: d, regex: x',
    ],
    ['[[rules]]\nid = "a"', 'a: both |regex| and |path| are empty, this rule will have no effect'],
    [
      '[[rules]]\nid = "a"\nregex = "x"\nsecretGroup = 1',
      'a: invalid regex secret group 1, max regex secret group 0',
    ],
    [
      '[[rules]]\nid = "a"\nregex = "("',
      'regexp: Compile(`(`): error parsing regexp: missing closing ): `(`',
    ],
    [
      '[[rules]]\nid = "a"\nregex = "x"\n[[rules.required]]\nid = "b"',
      "a: [[rules.required]] rule ID 'b' does not exist",
    ],
    [
      '[[allowlists]]\ndescription = "d"',
      '[[allowlists]] must contain at least one check for: commits, paths, regexes, or stopwords',
    ],
    [
      '[[allowlists]]\npaths = ["x"]\ncondition = "xor"',
      "[[allowlists]] unknown allowlist |condition| 'xor' (expected 'and', 'or')",
    ],
    [
      '[[allowlists]]\npaths = ["x"]\ntargetRules = ["z"]',
      "[[allowlists]] target rule ID 'z' does not exist",
    ],
    [
      '[allowlist]\npaths = ["x"]\n[[allowlists]]\npaths = ["x"]',
      '[allowlist] is deprecated, it cannot be used alongside [[allowlists]]',
    ],
    ['rules = "x"', "1 error(s) decoding:\n\n* 'Rules[0]' expected a map, got 'string'"],
    ['minVersion = "bad"', "invalid minVersion 'bad': Malformed version: bad"],
    [
      '[[rules]]\nid = "a\n',
      'While parsing config: toml: control characters are not allowed in strings (line 2, column 8)',
    ],
  ])('%s', (toml, message) => {
    expect(refusal(toml)).toBe(message)
  })

  it('texts made to exhaust: deep, large, or with names that mean something to JavaScript', () => {
    expect(refusal(`a = ${'['.repeat(10_000)}`)).toMatch(/^While parsing config/)
    expect(refusal(`# ${'x'.repeat(9 * 1024 * 1024)}`)).toBe(
      'While parsing config: larger than 8 MiB',
    )
    const { config } = parse('__proto__ = { title = "x" }\n[constructor]\nrules = 1\n')
    expect(config).toMatchObject({ title: '' })
    expect(config.rules.size).toBe(0)
    expect(refusal(`[[rules]]\nid = "a"\nregex = "${'('.repeat(5000)}"`)).toContain(
      'nests too deeply',
    )
  })
})

it('reads values as loosely as gitleaks', () => {
  const { config, warnings } = parse(
    'minVersion = "v99.0"\n[rules]\nID = 5\nRegex = "x"\nkeywords = "A,b"\nskipReport = "true"\nentropy = "1.5"\n',
  )
  expect(config.rules.get('5')).toMatchObject({
    keywords: ['a', 'b'],
    skipReport: true,
    entropy: 1.5,
  })
  expect(warnings[0]).toContain('config requires a newer Gitleaks version...')
})
