// Names of files as git prints them: quoted in C's way where they hold a byte that isn't plain (core.quotePath).

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
}

/** A name that may be quoted, as latin1 of its bytes. */
export function unquoteName(text: string): string {
  if (!text.startsWith('"')) return text
  const end = /^"((?:[^"\\]|\\.)*)"/s.exec(text)?.[1]
  if (end === undefined) return text
  return end.replace(/\\([0-7]{1,3}|.)/gs, (_, code: string) =>
    /^[0-7]/.test(code)
      ? String.fromCharCode(Number.parseInt(code, 8) & 255)
      : (ESCAPES[code] ?? code),
  )
}

/** The name in `a/NAME b/NAME`, the rest of a "diff --git" line; '' where the two differ (a rename tells its own). */
export function headerName(text: string): string {
  if (text.startsWith('"') || text.endsWith('"')) {
    const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[^" ][^"]*?(?= "|$)/gs)].map((found) =>
      unquoteName(found[0]),
    )
    const second = names[1]
    return second === undefined ? '' : second.replace(/^b\//, '')
  }
  const half = (text.length - 1) / 2
  if (!Number.isInteger(half) || text[half] !== ' ') return ''
  const name = text.slice(half + 1).replace(/^b\//, '')
  return text.slice(0, half) === `a/${name}` ? name : ''
}
