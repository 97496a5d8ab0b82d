// Which names say that their value is a secret, and of which kind; the word's neighbours decide.
import type { ValueKind } from './value-judgement.ts'

/** The words looked for; names are extended to both sides from there. */
const NAME_WORDS =
  /pass(?:word|wd|phrase|code)|passw\b|\bpass\b|_pass\b|[a-z]Pass\b|(?:^|[^a-z])pwd|[a-z]Pwd|_pw\b|secret|token|api[-_ ]?key|apikey|access[-_]?key|auth[-_]?key|private[-_]?key|secret[-_]?key|signing[-_]?key|encryption[-_]?key|encrypt[-_]?key|master[-_]?key|account[-_]?key|storage[-_]?key|session[-_]?key|shared[-_]?key|app[-_]?key|client[-_]?key|server[-_]?key|license[-_]?key|hmac[-_]?key|jwt[-_]?key|\bcredentials?\b|_auth\b|authorization|\bauth\b|[a-z]Auth\b/gi

/** More than what the expression looks at before and behind the begin of a placed word. */
const BEFORE = 20
const BEHIND = 30

/**
 * The words in a text, as `NAME_WORDS` finds them. Where names' placed words are known, only what is around them is
 * searched: every word holds one of them, and so does what is next to it.
 */
export function* nameWords(
  text: string,
  places: ArrayLike<number> | null,
): Generator<{ readonly index: number; readonly word: string }> {
  if (places === null) {
    for (const found of text.matchAll(NAME_WORDS)) yield { index: found.index, word: found[0] }
    return
  }
  for (let i = 0; i < places.length; ) {
    const from = Math.max(0, places[i]! - BEFORE)
    let to = places[i]! + BEHIND
    for (i++; i < places.length && places[i]! - BEFORE <= to; i++) to = places[i]! + BEHIND
    const part = text.slice(from, to)
    NAME_WORDS.lastIndex = 0
    for (let found = NAME_WORDS.exec(part); found !== null; ) {
      const next = NAME_WORDS.lastIndex
      yield { index: from + found.index, word: found[0] }
      NAME_WORDS.lastIndex = next
      found = NAME_WORDS.exec(part)
    }
  }
}

const PASSWORD_WORD = /pass|pwd|_pw$/i
const HARMLESS_TAIL =
  /^(?:[-_.]?(?:field|len|length|size|policy|policies|url|uri|file|path|dir|name|names|type|types|label|hint|reset|regex|pattern|expir\w*|ttl|endpoint|prompt|placeholder|message|msg|error|errors|title|min|max|count|encoder|encoding|format|ref|refs|keyref|key_?ref|provider|manager|store|storage|service|mode|method|validator|validation|rules?|strength|help|text|change[ds]?|age|lifetime|duration|header|param|parameter|required|enabled?|version|prefix|suffix|source|env|variable|var|class|kind|location|scope|scopes|index|pos|position|ids?|at|date|time|view|form|input|box|bucket|address|list|map|set|vault\w*|pair|ring|board|limit|usage|budget|ized?|izer\w*|ization|less|based|generator|handler|callback|helper|util|utils|checker|exists?|attempts?|iterations?|rounds?|algorithm|alg|flow|grant|request|response|data|info|config|cache|repository|kdf)s?)$/i
const HARMLESS_HEAD =
  /(?:public|csrf|xsrf|page|pagination|next|continuation|cancel\w*|primary|foreign|sort|partition|cache|show|hide|forgot|forget|reset|change|has|is|no|without|use|with|require[ds]?|enable|disable|allow|invalid|wrong|missing|min|max|valid|check|get|update|generate|create|delete|remove|read|write|parse|encode|decode|hash|bypass|ask|prompt|stop|end|begin|start|eof|sync|push|device|registration|max_?|input|output|lex\w*|bpe|special)[-_]?$/i

export interface SecretName {
  readonly kind: ValueKind
}

/** Null for a name whose other words say that it is no secret: `password_field`, `csrf_token`, `tokenizer`. */
export function secretName(head: string, word: string, tail: string): SecretName | null {
  if (tail !== '' && HARMLESS_TAIL.test(tail)) return null
  if (/^(?:s|es)$/i.test(tail) && !PASSWORD_WORD.test(word)) return null
  if (HARMLESS_HEAD.test(head)) return null
  return { kind: PASSWORD_WORD.test(word) ? 'password' : 'key' }
}
