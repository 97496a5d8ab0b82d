// Name templates: Vault's functions with their limits and words, and Vault's own default templates.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { randomBase62, renderUsername } from './username-functions.ts'

const clock = { ...systemClock, now: () => 1_700_000_000_123 }
const sources = { random: systemRandom, clock }
const data = { DisplayName: 'token-With.Dots', RoleName: 'my-röle' }
const render = (text: string): string => renderUsername(text, data, sources)

describe('name templates', () => {
  it('make the names of the PostgreSQL plugin', () => {
    const text =
      '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 8) (.RoleName | truncate 8) (random 20) (unix_time) | truncate 63 }}'
    expect(render(text)).toMatch(/^v-token-Wi-my-röle-[0-9a-zA-Z]{20}-1700000000$/)
  })

  it('make the names of the MySQL plugin', () => {
    const text =
      '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 10) (.RoleName | truncate 10) (random 20) (unix_time) | truncate 32 | replace "." "_" | uppercase }}'
    expect(render(text)).toMatch(/^V-TOKEN-WITH-MY-RÖLE-[0-9A-Z]+$/)
  })

  it.each([
    ['{{.DisplayName | lowercase}}', 'token-with.dots'],
    ['{{.DisplayName | replace "." "_"}}', 'token-With_Dots'],
    ['{{"abc" | sha256}}', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['{{"abc" | base64}} {{"YWJj" | decode_base64}}', 'YWJj abc'],
    ['{{"abc" | hex}} {{"616263" | decode_hex}}', '616263 abc'],
    ['{{unix_time}} {{unix_time_millis}}', '1700000000 1700000000123'],
    ['{{timestamp "2006-01-02T15:04:05.000Z07:00"}}', '2023-11-14T22:13:20.123Z'],
    ['{{"this is a long string" | truncate_sha256 20}}', 'this is a lo9e1cccdc'],
    ['{{"short" | truncate_sha256 20}}', 'short'],
    ['{{if glob "to*-*s" .DisplayName}}yes{{end}}', 'yes'],
    ['{{.Unknown}}', '<no value>'],
  ])('%s', (text, name) => {
    expect(render(text)).toBe(name)
  })

  it.each([
    ['{{random -1}}', 'error calling random'],
    ['{{random 5000}}', 'length must be <= 4096'],
    ['{{"x" | truncate 0}}', 'max length must be > 0 but was 0'],
    ['{{"x" | truncate_sha256 8}}', 'max length must be > 8 but was 8'],
    ['{{.RoleName', 'unable to parse template: template: template:1: unclosed action'],
    ['{{nope}}', 'unable to parse template: template: template:1: function "nope" not defined'],
    ['{{truncate "a" "b"}}', 'unable to apply template: template: template:1:11'],
    ['', 'missing template'],
    ['{{"zz" | decode_hex}}', 'invalid byte'],
  ])('refuse %s', (text, message) => {
    expect(() => render(text)).toThrow(message)
  })

  it('draw from all 62 characters alike', () => {
    const counts = new Map<string, number>()
    for (const char of randomBase62(systemRandom, 62_000)) {
      counts.set(char, (counts.get(char) ?? 0) + 1)
    }
    expect(counts.size).toBe(62)
    expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThan(1.5)
    expect(render('{{uuid}}')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('functions that take the main thread for long', () => {
  it.each([
    '{{bcrypt "secret"}}',
    '{{htpasswd "user" "secret"}}',
    '{{genPrivateKey "rsa"}}',
    '{{genCA "ca" 365}}',
    '{{genSelfSignedCert "a" nil nil 365}}',
    '{{derivePassword 1 "long" "secret" "user" "site"}}',
    '{{encryptAES "key" "text"}}',
  ])('are not there for a name: %s', (text) => {
    const name = text.slice(2).split(' ')[0]
    expect(() => render(text)).toThrow(`function "${name}" not defined`)
  })

  it('can be reached from nothing that serves requests', () => {
    const source = join(import.meta.dirname, '..')
    // What runs in processes of its own may use them.
    const apart = /^(template|cli|scan)\//
    const importers = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !apart.test(file))
      .filter((file) => /from '[^']*\/sprig[^']*'/.test(readFileSync(join(source, file), 'utf8')))
    expect(importers).toEqual([])
  })
})
