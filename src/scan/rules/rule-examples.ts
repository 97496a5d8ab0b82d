// Texts that a rule finds and texts that it must not, made from the rule's own expression when they are asked for: the
// repository holds nothing that looks like a live credential. The same rule always gives the same texts.
import type { OurRule } from './rule-table.ts'

export interface RuleExamples {
  readonly found: readonly string[]
  readonly notFound: readonly string[]
}

export function examplesOf(rule: OurRule): RuleExamples {
  if (rule.regex === null) return { found: [], notFound: [] }
  if (rule.shape === null) {
    const beside = BESIDE[rule.id]
    const sample = beside?.sample?.() ?? sampleOf(rule.regex, rule.id)
    return { found: [`${beside?.text ?? ''}${sample}`], notFound: [] }
  }
  const secret = sampleOf(rule.shape, rule.id)
  const short = secret.slice(0, -1)
  const name = rule.name ?? rule.keywords[0]!
  const around = (value: string): string[] =>
    rule.name === null
      ? [`${nameBeside(rule)} = "${value}"`, `${nameBeside(rule)}: ${value}`]
      : [`${name}_key = "${value}"`, `{"${name}_key": "${value}"}`]
  return {
    found: around(secret),
    notFound: [
      ...(/\w$/.test(secret) ? around(short) : []),
      ...around(`${secret}${secret.at(-1)}${secret.at(-1)}`).filter(() => isFixed(rule.shape!)),
      ...around('$' + '{SECRET_VALUE}'),
      ...around('x'.repeat(secret.length)),
    ],
  }
}

/** What has to stand beside a sample, or a sample that the shortest text is no good one of. */
const BESIDE: Readonly<Record<string, { text?: string; sample?: () => string }>> = {
  'sentry-dsn-secret': { text: 'sentry_dsn = ' },
  'dropbox-short-lived-api-token': { text: 'dropbox ' },
  'generic-api-key': { text: 'my_api_', sample: () => `key = "${sampleOf('\\w{24}', 'generic')}"` },
  'curl-auth-header': {
    sample: () => `curl -H "Authorization: Bearer ${sampleOf('\\w{32}', 'curl')}" localhost`,
  },
  'curl-auth-user': {
    sample: () => `curl -u someone:${sampleOf('\\w{14}', 'curl')} localhost`,
  },
  jwt: {
    sample: () => {
      const part = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url')
      const head = part({ alg: 'HS256', typ: 'JWT' })
      return `${head}.${part({ sub: 'someone', scope: 'read' })}.${sampleOf('\\w{43}', 'jwt')}`
    },
  },
}

/** A keyword that isn't part of the token itself has to stand beside it. */
const nameBeside = (rule: OurRule): string => `value_${rule.keywords[0]!.replace(/\W/g, '')}`

/** True where every text that the shape matches has one length. */
export function isFixed(shape: string): boolean {
  return !/\{\d+,\d*\}|[*+?|]/.test(
    shape.replace(/\[(?:\\.|[^\]\\])*\]|\\./g, 'a').replaceAll('(?:', '('),
  )
}

const CLASS_ESCAPES: Readonly<Record<string, string>> = {
  d: '0123456789',
  w: 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789',
  s: ' ',
  S: 'abcdefghijklmnopqrstuvwxyz0123456789',
}

/** The shortest text that an expression matches, its free characters drawn evenly. */
export function sampleOf(expression: string, seed: string): string {
  return new Sampler(expression, seed).all()
}

class Sampler {
  private readonly text: string
  private at = 0
  private state: number

  constructor(expression: string, seed: string) {
    this.text = expression.replace(/^\(\?i\)/, '')
    this.state = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
  }

  all(): string {
    return this.alternatives()
  }

  /** The first of the alternatives; the others are read over. */
  private alternatives(): string {
    const first = this.sequence()
    while (this.text[this.at] === '|') {
      this.at++
      this.sequence()
    }
    return first
  }

  private sequence(): string {
    let made = ''
    while (this.at < this.text.length && !'|)'.includes(this.text[this.at]!)) {
      const from = this.at
      const one = this.atom()
      const count = this.least()
      if (count === 0) continue
      made += one
      const after = this.at
      for (let i = 1; i < count; i++) {
        this.at = from
        made += this.atom()
      }
      this.at = after
    }
    return made
  }

  private least(): number {
    const found = /^(?:\{(\d+)(?:,\d*)?\}|[?*+])\??/.exec(this.text.slice(this.at, this.at + 14))
    if (!found) return 1
    this.at += found[0].length
    if (found[1] !== undefined) return Number(found[1])
    return found[0].startsWith('+') ? 1 : 0
  }

  private atom(): string {
    const character = this.text[this.at++]!
    if (character === '(') {
      const flags = /^\?(?:i?:|P?<\w+>)/.exec(this.text.slice(this.at, this.at + 40))?.[0] ?? ''
      this.at += flags.length
      const inner = this.alternatives()
      this.at++
      return inner
    }
    if (character === '[') return this.pick(this.classMembers())
    if (character === '\\') return this.escape(this.text[this.at++]!)
    if (character === '^' || character === '$') return ''
    return character === '.' ? this.pick(CLASS_ESCAPES.S!) : character
  }

  private escape(letter: string): string {
    if (letter === 'b' || letter === 'z') return ''
    if (letter === 'x')
      return String.fromCharCode(Number.parseInt(this.text.slice(this.at, (this.at += 2)), 16))
    const members = CLASS_ESCAPES[letter]
    if (members !== undefined) return this.pick(members)
    return ({ n: '\n', r: '\r', t: '\t' } as Record<string, string>)[letter] ?? letter
  }

  private classMembers(): string {
    const isNegated = this.text[this.at] === '^'
    let members = ''
    for (; this.text[this.at] !== ']'; this.at++) {
      let letter = this.text[this.at]!
      if (letter === '\\') {
        letter = this.text[++this.at]!
        if (letter === 'x') {
          members += String.fromCharCode(
            Number.parseInt(this.text.slice(this.at + 1, this.at + 3), 16),
          )
          this.at += 2
        } else
          members +=
            CLASS_ESCAPES[letter] ??
            ({ n: '\n', r: '\r', t: '\t' } as Record<string, string>)[letter] ??
            letter
        continue
      }
      const isRange = this.text[this.at + 1] === '-' && this.text[this.at + 2] !== ']'
      if (!isRange) {
        members += letter
        continue
      }
      const last = this.text.charCodeAt(this.at + 2)
      for (let code = letter.charCodeAt(0); code <= last; code++)
        members += String.fromCharCode(code)
      this.at += 2
    }
    this.at++
    // Letters and digits before signs: a sign at the end of a token is often no part of a word.
    const plain = members.replace(/[^a-zA-Z0-9]/g, '')
    if (isNegated) return [...' "a-;'].filter((one) => !members.includes(one)).join('')
    return plain === '' ? members : plain
  }

  private pick(members: string): string {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0
    return members[Math.floor((this.state / 2 ** 32) * members.length)] ?? ''
  }
}
