// YAML in the layout of Vault's command: keys sorted, lists not indented below their key, long strings
// not folded, numbers as the server wrote them.
import { Document, type ScalarTag } from 'yaml'
import { byteOrder, type Json, JsonNumber } from './exact-json.ts'

const exactNumber: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => value instanceof JsonNumber,
  resolve: (text) => new JsonNumber(text),
  test: /^\b$/,
  stringify: (item) => (item.value as JsonNumber).text,
}

function sorted(value: Json): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!(value instanceof Map)) return value
  const keys = [...value.keys()].sort(byteOrder)
  return new Map(keys.map((key) => [key, sorted(value.get(key)!)]))
}

export function toYaml(value: Json): string {
  const document = new Document(sorted(value), { customTags: (tags) => [exactNumber, ...tags] })
  return document.toString({ lineWidth: 0, indentSeq: false })
}
