// Files made of examples that gitleaks' rules declare, with what files of all kinds have around them.
import type { Random } from '../../../src/base/random.ts'
import type { DeclaredRow, OracleFragment } from '../../support/gitleaks-oracle.ts'

const FILLERS = [
  '',
  'const name = "value"',
  '\t# ключ: значение',
  'naïve café — “quoted”',
  '\xff\xfe\x80broken\xc3',
  'token = $TOKEN {{ .Key }}',
  'package main // gitleaks:allow',
  'ſecret Key token',
  '日本語 パスワード: 秘密',
  '0123456789abcdef0123456789abcdef',
  'aGVsbG8gd29ybGQsIHRoaXMgaXMgdGV4dA==',
  '%41%42%zz%43',
  'U+0041 U+0042 rest',
  '\\u0041\\\\u0042x',
]
const NEWLINES = ['\n', '\n', '\n', '\r\n', '\n\n', '\r', '']
const PATHS = [
  '',
  'src/main.go',
  'a/b.env',
  'vendor/github.com/x/y.go',
  'docs/Ünï.md',
  'package-lock.json',
]

const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random.fraction() * list.length)]!

/** A row as one of the encodings that are decoded, at times twice. */
function encoded(random: Random, bytes: Buffer): Buffer {
  const forms: readonly (() => string)[] = [
    () => bytes.toString('base64'),
    () => bytes.toString('base64url'),
    () => bytes.toString('hex'),
    () => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    () => encodeURIComponent(bytes.toString('latin1')),
    () => [...bytes].map((byte) => `\\u${byte.toString(16).padStart(4, '0')}`).join(''),
    () => [...bytes].map((byte) => `U+${byte.toString(16).padStart(4, '0')} `).join(''),
  ]
  const once = Buffer.from(pick(random, forms)(), 'latin1')
  return random.fraction() < 0.25 && once.length < 4000 ? encoded(random, once) : once
}

/** So many fragments, each of some rows among other lines. */
export function mixedFragments(
  rows: readonly DeclaredRow[],
  random: Random,
  count: number,
): OracleFragment[] {
  return Array.from({ length: count }, () => {
    const parts: Buffer[] = []
    for (let i = Math.floor(random.fraction() * 12); i >= 0; i--) {
      if (random.fraction() < 0.5) {
        const filler = pick(random, FILLERS)
        parts.push(Buffer.from(filler, filler.includes('\xff') ? 'latin1' : 'utf8'))
      } else {
        const row = Buffer.from(pick(random, rows).Text, 'utf8')
        parts.push(random.fraction() < 0.25 ? encoded(random, row) : row)
      }
      parts.push(Buffer.from(pick(random, NEWLINES)))
    }
    const path = pick(random, PATHS)
    const startLine = Math.floor(random.fraction() * 3)
    return { bytes: Buffer.concat(parts), path, startLine }
  })
}
