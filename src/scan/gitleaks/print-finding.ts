// A finding as gitleaks --verbose prints it on standard output, with the colors its terminal library chooses.
// Source: behaviour of detect/utils.go and of lipgloss 0.5 with termenv 0.15. All texts are byte strings.
import { formatFloat } from '../../template/format-numbers.ts'
import { maskSecret, type ReportedFinding } from '../report/reported-finding.ts'
import { trimSpace } from './ignore-file.ts'

/** How many colors a terminal has. */
export type ColorProfile = 'none' | '16' | '256' | 'true'

interface Ink {
  readonly lead: string
  readonly colors: Readonly<Record<ColorProfile, string>>
}

const MATCH: Ink = {
  lead: '',
  colors: { none: '', '16': '93', '256': '38;5;221', true: '38;2;245;211;69' },
}
/** Bold and italic are set whether there are colors or not. */
const SECRET: Ink = {
  lead: '1;3;',
  colors: { none: '', '16': '91', '256': '38;5;202', true: '38;2;240;92;7' },
}
const REQUIRED: Ink = {
  lead: '',
  colors: { none: '', '16': '90', '256': '38;5;138', true: '38;2;191;147;120' },
}

type Variables = Readonly<Record<string, string | undefined>>

/** The profile of standard output. */
export function colorProfile(isTerminal: boolean, env: Variables): ColorProfile {
  const forced = env.CLICOLOR_FORCE ?? ''
  const isForced = forced !== '' && forced !== '0'
  if ((env.NO_COLOR ?? '') !== '' || (env.CLICOLOR === '0' && !isForced)) return 'none'
  const found = terminalProfile(isTerminal && (env.CI ?? '') === '', env)
  return isForced && found === 'none' ? '16' : found
}

function terminalProfile(isTerminal: boolean, env: Variables): ColorProfile {
  if (!isTerminal) return 'none'
  const term = env.TERM ?? ''
  const color = (env.COLORTERM ?? '').toLowerCase()
  if (color === '24bit' || color === 'truecolor') {
    return term.startsWith('screen') && env.TERM_PROGRAM !== 'tmux' ? '256' : 'true'
  }
  if (color === 'yes' || color === 'true') return '256'
  if (term === 'xterm-kitty') return 'true'
  if (term === 'linux') return '16'
  if (term.includes('256color')) return '256'
  return term.includes('color') || term.includes('ansi') ? '16' : 'none'
}

/** Columns that a text takes on a terminal. */
function width(bytes: string): number {
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  let columns = 0
  for (const char of text) {
    if (/[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u.test(char)) continue
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
        char,
      )
        ? 2
        : 1
  }
  return columns
}

/** Text in a color; lines of several are made as long as the longest. */
function paint(ink: Ink, text: string, profile: ColorProfile): string {
  const codes = ink.lead + ink.colors[profile]
  const lines = text.split('\n')
  const widest = lines.length > 1 ? Math.max(...lines.map(width)) : 0
  return lines
    .map((line) => {
      const painted = codes === '' ? line : `\x1b[${codes}m${line}\x1b[0m`
      return lines.length > 1 ? painted + ' '.repeat(widest - width(line)) : painted
    })
    .join('\n')
}

const row = (name: string, text: string): string => `${name.padEnd(12)} ${text}\n`
const CONTEXT = 20
const MOST_SECRET = 100

/** The lines "Finding:" and "Secret:". */
function matchLines(reported: ReportedFinding, isPlain: boolean, profile: ColorProfile): string {
  const line = trimSpace(reported.line)
  const secret = trimSpace(reported.secret)
  const match = trimSpace(reported.match)
  const at = line.indexOf(match)
  if (match.startsWith('file detected:') || isPlain || at < 0) {
    return row('Finding:', match) + row('Secret:', secret)
  }
  const start = at > CONTEXT ? `...${line.slice(at - CONTEXT, at)}` : line.slice(0, at)
  const secretAt = Math.max(0, match.indexOf(secret))
  let end = at + match.length
  if (line.length - 1 <= end) end = line.length
  let rest = line.slice(end)
  if (rest.length > CONTEXT) rest = `${rest.slice(0, CONTEXT)}...`
  const short = secret.length > MOST_SECRET ? `${secret.slice(0, MOST_SECRET)}...` : secret
  const shown = paint(SECRET, short, profile)
  const text = [
    start.replace(/^ +/, '').replace(/^\n/, ''),
    paint(MATCH, match.slice(0, secretAt), profile),
    shown,
    paint(MATCH, match.slice(secretAt + secret.length), profile),
    rest,
  ].join('')
  return row('Finding:', text) + row('Secret:', shown)
}

function requiredLines(
  { finding }: ReportedFinding,
  redactPercent: number,
  profile: ColorProfile,
): string {
  let out = ''
  finding.required.forEach((one, index) => {
    // Unlike the original, which shows these secrets under --redact too.
    const whole = redactPercent > 0 ? maskSecret(one.secret, redactPercent) : one.secret
    const secret = trimSpace(whole)
    const short = secret.length > 40 ? `${secret.slice(0, 37)}...` : secret
    const text = `${one.ruleId}:${one.startLine}:${paint(REQUIRED, short, profile)}`
    out += row(index === 0 ? 'Required:' : '', text)
  })
  return out
}

export interface PrintOptions {
  /** --no-color. */
  readonly isPlain: boolean
  readonly profile: ColorProfile
  readonly redactPercent: number
}

/** The finding's lines and an empty one after them. */
export function printedFinding(reported: ReportedFinding, options: PrintOptions): string {
  const { finding } = reported
  const required = requiredLines(reported, options.redactPercent, options.profile)
  let out = matchLines(reported, options.isPlain, options.profile)
  out += row('RuleID:', finding.ruleId)
  out += row('Entropy:', formatFloat(Math.fround(finding.entropy), 'f', 6))
  if (finding.file === '') return `${out}${required}\n`
  if (finding.tags.length > 0) out += row('Tags:', `[${finding.tags.join(' ')}]`)
  out += row('File:', finding.file)
  out += row('Line:', String(finding.startLine))
  if (!finding.commit?.sha) return `${out}${row('Fingerprint:', reported.fingerprint)}${required}\n`
  const { sha, author, email, date } = finding.commit
  out += row('Commit:', sha) + row('Author:', author) + row('Email:', email) + row('Date:', date)
  out += row('Fingerprint:', reported.fingerprint)
  if (reported.link !== '') out += row('Link:', reported.link)
  return `${out}${required}\n`
}
