// YAML in the layout of Vault's command: keys sorted, lists not indented below their key, long strings
// not folded, numbers as the server wrote them.

import { Document, type ScalarTag } from 'yaml'
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

function sorted(value: Json): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!(value instanceof Map)) return value
  const keys = [...value.keys()].sort(compareUtf8)
  return new Map(keys.map((key) => [key, sorted(value.get(key)!)]))
}

export function toYaml(value: Json): string {
  const document = new Document(sorted(value), {
    // Text that YAML 1.1 reads as a time or a truth (y, no, 12:30) is quoted.
    compat: 'yaml-1.1',
    customTags: (tags) => [exactNumber, ...tags],
  })
  return document.toString({ lineWidth: 0, indentSeq: false })
}
