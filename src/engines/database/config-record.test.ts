// No password of a connection string is ever shown, whatever its form; the placeholder is none.
import { describe, expect, it } from 'vitest'
import { isAllowedRole } from './allowed-roles.ts'
import { hasPasswordInUrl, redactUrl } from './config-record.ts'
import { pathEscape } from './sql-settings.ts'
import { fillStatement, splitStatements } from './statements.ts'

describe('a connection string that is shown', () => {
  const SHOWN: readonly (readonly [string, string])[] = [
    ['postgresql://u:s3cret@h:5432/d', 'postgresql://u:xxxxx@h:5432/d'],
    ['postgresql://u:s3@cret@h/d?sslmode=require', 'postgresql://u:xxxxx@h/d?sslmode=require'],
    ['postgresql://u@h/d?password=s3cret&x=1', 'postgresql://u@h/d?password=xxxxx&x=1'],
    ['host=h user=u password=s3cret dbname=d', 'host=h user=u password=xxxxx dbname=d'],
    ["host=h password = 's3 cr\\'et' x=1", 'host=h password = xxxxx x=1'],
    ["host=h password='s3cret", 'host=h password=xxxxx'],
    ['host=h PASSWORD=s3\\ cret x=1', 'host=h PASSWORD=xxxxx x=1'],
    ['u:s3cret@tcp(h:3306)/d?tls=true', 'u:xxxxx@tcp(h:3306)/d?tls=true'],
    ['u:s3:c/r@et@tcp(h:3306)/', 'u:xxxxx@tcp(h:3306)/'],
    ['postgresql://h?sslkey=/k&sslpassword=s3cret', 'postgresql://h?sslkey=/k&sslpassword=xxxxx'],
  ]
  it.each(SHOWN)('%s', (text, shown) => {
    expect(redactUrl(text)).toBe(shown)
    expect(redactUrl(text)).not.toContain('s3')
    expect(hasPasswordInUrl(text)).toBe(true)
  })

  it.each([
    'postgresql://{{username}}:{{password}}@h:5432/d',
    '{{username}}:{{password}}@tcp(h:3306)/',
    "host=h user='{{username}}' password='{{password}}'",
    'host=h password={{password}}',
    'postgresql://h/d',
    'postgresql://u@h:5432/d',
  ])('%s stays as it is', (text) => {
    expect(redactUrl(text)).toBe(text)
    expect(hasPasswordInUrl(text)).toBe(false)
  })
})

describe('statements of a role', () => {
  it('are split as Vault splits them', () => {
    expect(splitStatements(' a ; b;; ')).toEqual(['a', 'b'])
    expect(splitStatements('["a; b", "c"]')).toEqual(['a; b', 'c'])
    expect(splitStatements('["a", 1]')).toEqual(['["a", 1]'])
    expect(splitStatements(Buffer.from('a; b').toString('base64'))).toEqual(['a', 'b'])
    expect(splitStatements(Buffer.from('["a;b"]').toString('base64'))).toEqual(['a;b'])
    expect(splitStatements("SELECT 'x;y'")).toEqual(["SELECT 'x", "y'"])
    expect(splitStatements('')).toEqual([])
  })

  it('are filled in one pass, with known names only', () => {
    const values = { name: '{{password}}', password: 'p' }
    expect(fillStatement('{{name}} {{password}} {{other}} {{ name }}', values)).toBe(
      '{{password}} p {{other}} {{ name }}',
    )
    expect(fillStatement('{{constructor}}', values)).toBe('{{constructor}}')
  })
})

describe('the roles of a connection', () => {
  it('are names and globs', () => {
    const fits = (pattern: string, name: string) => isAllowedRole([pattern], name)
    for (const pattern of ['*', 'app', 'a*', '*p', 'a*p', '*p*', 'a*p*', '**', 'app*']) {
      expect(fits(pattern, 'app'), pattern).toBe(true)
    }
    for (const pattern of ['', 'ap', 'b*', '*a', 'app*p', 'a*p*p*p', 'App']) {
      expect(fits(pattern, 'app'), pattern).toBe(false)
    }
    expect(isAllowedRole([], 'app')).toBe(false)
  })
})

describe('a name in a URL', () => {
  it("is escaped as Go's PathEscape does", () => {
    expect(pathEscape("a b/c?d#e%f@g:h;i,j+k&l=m$n!o'p(q)r*s[t]~u_v-w.x")).toBe(
      'a%20b%2Fc%3Fd%23e%25f@g:h%3Bi%2Cj+k&l=m$n%21o%27p%28q%29r%2As%5Bt%5D~u_v-w.x',
    )
  })
})
