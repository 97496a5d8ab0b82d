// What may be shown of a match when secrets are masked. A match may reach over lines with other secrets, or was decoded
// from a manifest full of them: only the lines that the secret itself stands on are kept, and what looks like a key in
// them is masked as well.
import type { Finding } from './finding.ts'
import { isRandomKey } from './readers/value-judgement.ts'

const ELSEWHERE = '[…]'
/** Longer surroundings of a secret than anybody reads. */
const MOST_BESIDE = 400
/** `- name: DB_PASSWORD`, `DB_PASSWORD:` */
const NAME_LINE =
  /^[\s"'{-]*(?:(?:name|key|variable|kind)["']?[ \t]*[:=][ \t]*["']?[\w.-]{2,60}["']?,?|[\w.-]{2,60}["']?:)?\s*$/i
const WORD = /[^\s"'`=:&,;<>(){}@]{12,}/g
/** `-pWORD`, `password: WORD`, `user:WORD@`: other passwords on the line. */
const PASSWORD =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)["']?\s{0,3}[:=]\s{0,3}["']?|\s-p\s?|:\/\/[^\s:/@]{0,80}:)([^\s"'`;,&@]{4,})/gi

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** The match as bytes in latin1, with `mask` (the same) in the place of each secret. */
export function redactedMatch(finding: Finding, mask: string): string {
  const { match, secret } = finding
  // A rule about paths has no secret; its match says that there is such a file.
  if (secret === '') return match
  const parts = match.split(secret)
  // Other forms of the secret may be all that the match holds.
  if (parts.length === 1) return mask
  const shown = parts.map((part, at) => beside(part, at > 0, at < parts.length - 1))
  return shown.join(mask)
}

/** Text next to a secret: what stands on its line, without other keys; of other lines those that only name something. */
function beside(part: string, isAfter: boolean, isBefore: boolean): string {
  const lines = part.split('\n')
  const last = lines.length - 1
  let isHidden = false
  const shown: string[] = []
  for (const [at, line] of lines.entries()) {
    const isOnLine = (at === 0 && isAfter) || (at === last && isBefore)
    if (line.length <= MOST_BESIDE && (isOnLine || NAME_LINE.test(line))) {
      shown.push(withoutKeys(line))
      isHidden = false
    } else if (!isHidden) {
      shown.push(latin1(ELSEWHERE))
      isHidden = true
    }
  }
  return shown.join('\n')
}

function withoutKeys(text: string): string {
  const hidden = latin1(ELSEWHERE)
  return text
    .replace(PASSWORD, (_, name: string) => `${name}${hidden}`)
    .replace(WORD, (word) => (isRandomKey(word, false) ? hidden : word))
}
