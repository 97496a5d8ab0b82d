// Secrets whose name stands in a field of its own: `- name: DB_PASSWORD` and `value: …` below it (Azure, Kubernetes, ECS),
// a variable that is a mapping with `value:` (GitLab), `<add key="…" value="…"/>`, and `ENV NAME VALUE` of Dockerfiles.
import { placeOf } from './place-of.ts'
import { type Candidate, candidate, type Reader } from './reader.ts'
import { ASSIGNMENT_RULES } from './reader-rules.ts'
import { nameWords, type SecretName, secretName } from './secret-names.ts'
import { isWeakPassword, judgeValue } from './value-judgement.ts'

const NAME = '(?<name>[\\w.-]{2,60})'
const VALUE =
  '(?:(?<quote>["\'])(?<quoted>[^"\'\\r\\n]{4,400})\\k<quote>|(?<bare>[^\\s"\'`,;<>{}()|&]{4,200})(?=[ \\t]*(?:#|,|\\}|\\r?$)))'
const FIELD = '(?:name|key|variable|parameterkey)'
const CONTENT = '(?:value|default(?:value)?|parametervalue)'

const PAIR = new RegExp(
  `(?<![\\w.-])["']?${FIELD}["']?[ \\t]{0,3}[:=][ \\t]{0,3}["']?${NAME}["']?[ \\t]{0,8},?(?:\\r?\\n)?[ \\t]{0,60}["']?\\b${CONTENT}["']?[ \\t]{0,3}[:=][ \\t]{0,3}${VALUE}`,
  'gim',
)
const MAPPING = new RegExp(
  `^(?<indent>[ \\t]{0,40})["']?${NAME}["']?:[ \\t]{0,8}\\r?\\n(?:\\k<indent>[ \\t]{1,8}(?:description|expand):[^\\n]{0,200}\\n){0,2}\\k<indent>[ \\t]{1,8}value:[ \\t]{1,8}${VALUE}`,
  'gim',
)
const SPACED = new RegExp(`^[ \\t]*ENV[ \\t]+${NAME}[ \\t]+${VALUE}`, 'gim')

export const namedValueReader: Reader = {
  id: 'named-values',
  gates: ASSIGNMENT_RULES,
  wants: () => true,
  read(readable) {
    const { text } = readable
    const place = placeOf(readable)
    const shapes = [PAIR]
    if (place.ruleId === 'ci-plain-variable') shapes.push(MAPPING)
    if (place.ruleId === 'dockerfile-env-secret') shapes.push(SPACED)
    const found: Candidate[] = []
    for (const shape of shapes) {
      for (const match of text.matchAll(shape)) {
        const { name, quoted, bare } = match.groups!
        const known = nameOf(name!)
        const value = quoted ?? bare!
        if (known === null || !judgeValue(value, known.kind, quoted !== undefined)) continue
        const isPassword = known.kind === 'password'
        const ruleId = place.ruleId ?? (isPassword ? 'code-password' : 'code-secret')
        const tier = isPassword && isWeakPassword(value) ? 'low' : 'medium'
        const end = match.index + match[0].length - (quoted === undefined ? 0 : 1)
        found.push(candidate(ruleId, tier, match.index, end - value.length, value.length))
      }
    }
    return found
  },
}

/** What a whole name says: each of its words is looked at with what stands around it. */
function nameOf(name: string): SecretName | null {
  for (const { index, word } of nameWords(name, null)) {
    const known = secretName(name.slice(0, index), word, name.slice(index + word.length))
    if (known !== null) return known
  }
  return null
}
