// Values land in quotes, names, comments and outside of them; test/live has the real server judge them.
import { describe, expect, it } from 'vitest'
import { fillMysql, quoteRules } from './fill-statement.ts'

const usual = quoteRules('')
const fill = (template: string, name: string, rules = usual): string =>
  fillMysql(template, { name }, rules)

describe('values in MySQL statements', () => {
  it.each([
    ["CREATE USER '{{name}}'@'%'", `a'b\\`, "CREATE USER 'a''b\\\\'@'%'"],
    ['GRANT x TO `{{name}}`', 'a`b\\', 'GRANT x TO `a``b\\`'],
    ['SET x = "{{name}}"', `a"b'\\`, `SET x = "a""b'\\\\"`],
    ["SELECT 'it''s {{name}}'", "'", "SELECT 'it''s '''"],
    ["SELECT 'it\\'s {{name}}'", "'", "SELECT 'it\\'s '''"],
    ["SELECT '\\\\', '{{name}}'", "'", "SELECT '\\\\', ''''"],
    ["-- don't\nSELECT '{{name}}'", "'", "-- don't\nSELECT ''''"],
    ["# don't\nSELECT '{{name}}'", "'", "# don't\nSELECT ''''"],
    ["/* don't */ SELECT '{{name}}'", "'", "/* don't */ SELECT ''''"],
    ["SELECT 1--'{{name}}'", "'", "SELECT 1--''''"],
    ['CREATE USER {{name}}', 'v_app-1', 'CREATE USER v_app-1'],
    ["SELECT '{{other}}{{name}}'", '{{name}}', "SELECT '{{other}}{{name}}'"],
  ])('%s', (template, name, filled) => {
    expect(fill(template, name)).toBe(filled)
  })

  it('follow the sql_mode', () => {
    const noEscapes = quoteRules('STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES')
    expect(fill("SELECT '{{name}}'", "\\'", noEscapes)).toBe("SELECT '\\'''")
    expect(fill("SELECT '\\', '{{name}}'", "'", noEscapes)).toBe("SELECT '\\', ''''")
    const ansi = quoteRules('REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,ANSI')
    expect(fill('SELECT "{{name}}"', '\\"', ansi)).toBe('SELECT "\\"""')
  })

  it.each(["x'", 'a b;c', '1 -- ', '1/*', '#', '`', 'é', '\n'])(
    'outside of quotes refuse %j',
    (name) => {
      expect(() => fill('CREATE USER {{name}}', name)).toThrow("write '{{name}}'")
      expect(() => fill('/* {{name}} */ SELECT 1', name)).toThrow("write '{{name}}'")
    },
  )
})
