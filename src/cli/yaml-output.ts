// YAML in the layout of Vault's command: keys sorted, lists not indented below their key, numbers as the server
// wrote them. Text that YAML 1.1 reads as something else ("12", "yes", "2020-01-01") stands in double quotes,
// text whose signs need it in single ones. Long text is not folded.
import { Document, Scalar, type ScalarTag } from 'yaml'
import { compareUtf8 } from '../base/utf8-order.ts'
import { type Json, JsonNumber } from './exact-json.ts'

const exactNumber: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => value instanceof JsonNumber,
  resolve: (text) => new JsonNumber(text),
  test: /^\b$/,
  stringify: (item) => (item.value as JsonNumber).text,
}

/** What a YAML 1.1 reader takes for no text: nothing, truths, numbers, minutes, days, merge keys. */
const AMBIGUOUS = [
  /^(?:|~|null|Null|NULL|<<|=)$/,
  /^(?:y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[Tt]rue|TRUE|[Ff]alse|FALSE)$/,
  /^[-+]?(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?$/,
  /^[-+]?0(?:x[\da-fA-F_]+|b[01_]+|o[0-7_]+)$/,
  /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/,
  /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?.*)?$/,
]

function scalar(text: string): string | Scalar {
  if (!AMBIGUOUS.some((pattern) => pattern.test(text))) return text
  const quoted = new Scalar(text)
  quoted.type = 'QUOTE_DOUBLE'
  return quoted
}

function sorted(value: Json): unknown {
  if (typeof value === 'string') return scalar(value)
  if (Array.isArray(value)) return value.map(sorted)
  if (!(value instanceof Map)) return value
  const keys = [...value.keys()].sort(compareUtf8)
  return new Map(keys.map((key) => [scalar(key), sorted(value.get(key)!)]))
}

export function toYaml(value: Json): string {
  const document = new Document(sorted(value), {
    customTags: (tags) => [exactNumber, ...tags],
  })
  return document.toString({
    lineWidth: 0,
    indentSeq: false,
    singleQuote: true,
    blockQuote: 'literal',
  })
}
