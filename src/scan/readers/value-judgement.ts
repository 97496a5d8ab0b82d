// Whether a text that stands where a secret would stand is one: placeholders, references, code, words and labels are not.
// Each check is a plain look at the characters; nothing is decoded and nothing is looked up.
import { shannonEntropy } from '../match/shannon-entropy.ts'

/** password: chosen by people, may be short and a word. key: made by a machine, so it looks random. */
export type ValueKind = 'password' | 'key'

const REFERENCE =
  /^["'`]?\$[\w({[]|^[%@&!][\w({[<]|\$\{|\$\(|\{\{|<%|%[({]|#\{|^[{[(<].*[}\])>]$|^<|^%[sdvq]$|^\*\w|^(?:vault|ref|secret|ssm|op|arn|env|file|kms|aws-sm|gcp-sm|awssm|keyring|https?|classpath):|^\|$|\\\(|@\{/i
const CODE =
  /\(|\)|\[|\]|=>|->|::|;$|^(?:os|process|env|config|configuration|self|this|settings|options|opts|params|args|data|req|request|res|response|ctx|context|props|state|user|account|credentials?|secrets?|vars?|var|local|module|input|inputs|values|github|matrix|steps|needs|System|Environment|viper|flag|flags)[.[]/
const NOTHING =
  /^(?:true|false|yes|no|on|off|null|none|nil|undefined|nan|void|string|str|text|varchar|char|int|integer|number|bool|boolean|object|array|list|map|dict|any|bytes?|uuid|email|username|user|name|value|values|default|required|optional|enabled?|disabled?|auto|manual|plain(?:text)?|base64|hex|sha\d*|md5|basic|bearer|oauth2?|jwt|header|query|body|cookie|json|type|field|input|hidden|submit|label|title|prompt|empty|unknown|invalid|missing|expired?|never|always|self|this|new|old|current|confirm|repeat|public|private|static|const|let|return|function|class|import|export|from|file|path|url|and|or|not|is|the|a|an|of|to|in|for|with|required_if|nullable|min|max|length|rotate|generated?|random)$/i
const PLACEHOLDER =
  /(?:^|[^a-z])(?:your|my[-_ ]|ur[-_])|changeme|change[-_ ]?(?:me|it|this)|replace|example|sample|placeholder|dummy|(?:^|[-_ ])fake|todo|fixme|redacted|masked|hidden|insert|enter[-_ ]|put[-_ ]|some[-_ ]?(?:thing|secret|token|key|pass)|here$|xxxx|\.\.\.|\*\*\*|____|----|0000000|1234567890abcdef|<|lorem|foo[-_]?bar|abcdefgh/i
const WORDY = /^[a-zA-Z]+(?:[-_. /:][a-zA-Z]+)*$/
const SENTENCE = /[a-z]{2,}[,.!?:]? [a-z]+[,.!?:]? | [^ ]*[.!?:]$|: *$| {2,}/i
const IDENTIFIER = /^[A-Za-z_]+(?:[A-Z][a-z]+|[-_.][A-Za-z]+)+$/
const PATHLIKE =
  /^(?:\.{0,2}\/|[A-Za-z]:\\|~\/)|\.(?:pem|key|crt|cer|json|ya?ml|txt|js|ts|py|go|java|conf|html?|md|png|sh|xml|css)$|^[\w.-]+\/[\w./-]+$/
const REPEATED = /^(.)\1*$|^(?:(.{1,3})\2{2,})$/

/** Words of a password field that stand for a password: `test-password`, `DB_PASSWORD`, `SMTPPassword`, `some_secret`. */
const NAMED_PASSWORD =
  /^(?=[\w.$-]*(?:pass|pwd|secret|token|credential|factor|hash))[\w.$-]*[A-Za-z][\w.$-]*$/i
const CONSTANT = /^_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+_?$/
const WEAK_WORD =
  /^(?:pass|password\d*|passwd|pwd|secret|test\d*|testing|admin|root|client|server|guest|demo|ignored|abc|foo|bar|baz|hello|world|ok|good|bad|wrong|right|plain|open|token|key|\d{1,7}|qwerty)$/i
const ALGORITHM =
  /^(?:\w*sha\d+_|scram-sha|utf-?\d|iso-8859|aes-?\d|hmac|rs\d|hs\d|es\d|pbkdf|bcrypt|argon2\w?$|scrypt|rounds$)/i
const VERSION = /^[~^]?v?\d+(?:\.\d+){1,3}\S{0,12}$/

/** Values that nobody keeps secret although they would be good passwords. */
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const HASHLIKE = /^(?:sha\d+[-:]|md5:|v?\d+(?:\.\d+)+(?:[-+]\w+)?$)/

function classesOf(value: string): number {
  return (
    Number(/[a-z]/.test(value)) +
    Number(/[A-Z]/.test(value)) +
    Number(/\d/.test(value)) +
    Number(/[^\w\s]/.test(value))
  )
}

/** For files whose format leaves no doubt: only what is plainly a reference or a blank to be filled is none. */
export function isBlankOrReference(value: string): boolean {
  return /^\$\{|^\$[A-Z_]+$|^\$\(|^\{\{|^<[^>]*>$|^%\w+%$|^(?:\*+|x+|X+|\.+|null|true|false)$|^your/.test(
    value,
  )
}

/** Whether it can be excluded whatever its kind is. */
export function isNoSecret(value: string): boolean {
  return (
    value.length > 400 ||
    REFERENCE.test(value) ||
    NOTHING.test(value) ||
    REPEATED.test(value) ||
    PLACEHOLDER.test(value) ||
    PATHLIKE.test(value) ||
    SENTENCE.test(value) ||
    CONSTANT.test(value) ||
    ALGORITHM.test(value) ||
    VERSION.test(value) ||
    !/[a-zA-Z0-9]/.test(value)
  )
}

/** A value in quotes (or alone in its field) under a name that says password. */
export function isPassword(value: string, isQuoted: boolean): boolean {
  if (value.length < 4 || value.length > 128 || isNoSecret(value)) return false
  if (/\s/.test(value)) return false
  if (!isQuoted && (CODE.test(value) || IDENTIFIER.test(value))) return false
  if (NAMED_PASSWORD.test(value) && !/\d{2}/.test(value)) return false
  return !/^(?:get|set|is|has)[A-Z]|^###|^\\/.test(value)
}

/** A password that stands in every list of the most used words: found, but of the lowest tier. */
export function isWeakPassword(value: string): boolean {
  return WEAK_WORD.test(value)
}

/** Letters alone that no language has in such a row: five consonants and more. */
function isLetterSalad(value: string): boolean {
  return value.length >= 12 && /[b-df-hj-np-tv-xz]{5}/i.test(value)
}

/** A value that a machine made: long enough, and mixed as no name is. */
export function isRandomKey(value: string, isQuoted: boolean): boolean {
  if (value.length < 8 || /\s/.test(value) || isNoSecret(value)) return false
  if (HASHLIKE.test(value)) return false
  if (WORDY.test(value) || IDENTIFIER.test(value)) return isLetterSalad(value)
  if (!isQuoted && CODE.test(value)) return false
  if (UUID.test(value)) return true
  if (!/\d/.test(value) && classesOf(value) < 3) return isLetterSalad(value)
  if (/012345|123456789|abcdef(?![0-9])/i.test(value)) return false
  const least = value.length < 16 ? 2.5 : 3
  return shannonEntropy(value) >= least
}

export function judgeValue(value: string, kind: ValueKind, isQuoted: boolean): boolean {
  return kind === 'password' ? isPassword(value, isQuoted) : isRandomKey(value, isQuoted)
}
