// Which pieces of a text may be whole secrets: quoted texts, words, what follows "=" or ":", passwords in addresses,
// whole lines, and what base64 hides. Linear in the text; only what is long and varied enough is handed on.

export interface Candidate {
  /** Where it stands in the text, in bytes. */
  readonly start: number
  readonly end: number
  /** What may be the secret, as text. */
  readonly text: string
}

const LONGEST = 1024
/** A word, up to what separates words in code, configuration and logs. */
const WORD = /[^\s"'`,;<>()[\]{}|\\]{8,1024}/g
const QUOTED = /"((?:[^"\\\r\n]|\\.){8,1024})"|'((?:[^'\\\r\n]|\\.){8,1024})'|`([^`\r\n]{8,1024})`/g
const BASE64 = /^[A-Za-z0-9+/_-]{16,}={0,2}$/
const USERINFO = /^[a-z][a-z0-9+.-]*:\/\/[^/@:]*:([^/]+)@/i

/** Calls `each` with every candidate of a latin1 text that is at least so long and not all too uniform. */
export function eachCandidate(
  text: string,
  least: { readonly minLength: number; readonly minEntropyBits: number },
  each: (candidate: Candidate) => void,
): void {
  const offer = (start: number, end: number, value = text.slice(start, end)): void => {
    if (value.length < least.minLength || value.length > LONGEST) return
    if (entropyBits(value) < least.minEntropyBits) return
    each({ start, end, text: decoded(value) })
    if (BASE64.test(value)) {
      const hidden = Buffer.from(value, 'base64').toString('utf8').trim()
      if (hidden.length >= least.minLength && !hidden.includes('\ufffd') && !hidden.includes('\0'))
        each({ start, end, text: hidden })
    }
  }
  for (const found of text.matchAll(QUOTED)) {
    const inner = (found[1] ?? found[2] ?? found[3])!
    const start = found.index + 1
    offer(start, start + inner.length, inner.includes('\\') ? unescaped(inner) : inner)
  }
  for (const found of text.matchAll(WORD)) {
    const word = found[0]
    const { index } = found
    offer(index, index + word.length)
    const trimmed = word.replace(/[.:!?]+$/, '')
    if (trimmed.length < word.length) offer(index, index + trimmed.length)
    for (const separator of ['=', ':']) {
      const at = word.indexOf(separator)
      if (at > 0) offer(index + at + 1, index + word.length)
    }
    const password = USERINFO.exec(word)?.[1]
    if (password) {
      const start = index + word.indexOf(password)
      offer(start, start + password.length, percentDecoded(password))
    }
  }
  // Passwords with spaces and other separators stand on lines of their own, or after "key:".
  for (const found of text.matchAll(
    /^[ \t]*(?:[\w.-]{1,64}[ \t]*[:=][ \t]*)?(\S[^\r\n]{7,1023})$/gm,
  )) {
    const value = found[1]!.trimEnd()
    const start = found.index + found[0].length - found[1]!.length
    if (/[\s"'`,;<>()[\]{}|\\]/.test(value)) offer(start, start + value.length)
  }
}

const counts = new Uint16Array(256)

/** As the server's (src/core/live-secrets/live-digest.ts), over bytes: what it passes over can't be in the filter. */
function entropyBits(value: string): number {
  counts.fill(0)
  for (let at = 0; at < value.length; at++) counts[value.charCodeAt(at) & 255]! += 1
  let bits = 0
  for (let at = 0; at < value.length; at++) {
    const byte = value.charCodeAt(at) & 255
    const count = counts[byte]!
    if (count === 0) continue
    counts[byte] = 0
    bits -= count * Math.log2(count / value.length)
  }
  return bits
}

/** Bytes as UTF-8, where they are more than ASCII. */
const decoded = (value: string): string =>
  /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value

function unescaped(inner: string): string {
  try {
    return JSON.parse(`"${inner.replaceAll('"', '\\"').replaceAll("\\'", "'")}"`) as string
  } catch {
    return inner.replaceAll(/\\(.)/g, '$1')
  }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
