// JSON as Go's encoding/json writes structs: keys in the order given, byte strings in, UTF-8 bytes (as latin1) out.
import { formatFloat } from '../../template/format-numbers.ts'
import { jsonText } from '../../template/go-json.ts'

/** Texts are byte strings. A key whose value is undefined is left out. */
export type JsonTree =
  | string
  | number
  | boolean
  | null
  | readonly JsonTree[]
  | { readonly [key: string]: JsonTree | undefined }

/** The number that Go prints for a float32: its shortest decimal that is read back the same. */
export function float32(value: number): number {
  const single = Math.fround(value)
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(single.toPrecision(digits))
    if (Math.fround(short) === single) return short
  }
  return single
}

function numberText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) {
    return formatFloat(value, 'e', -1).replace(/e-0(\d)$/, 'e-$1')
  }
  return formatFloat(value, 'f', -1)
}

/** One value; nested lines begin with `margin` and one `indent` for each level. */
export function jsonTree(tree: JsonTree, indent: string, margin = ''): string {
  if (typeof tree === 'string') return jsonText(tree, true)
  if (typeof tree === 'number') return numberText(tree)
  if (tree === null || typeof tree === 'boolean') return String(tree)
  const inner = margin + indent
  const enclosed = (parts: readonly string[], open: string, close: string): string =>
    parts.length === 0
      ? open + close
      : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`
  if (Array.isArray(tree)) {
    return enclosed(
      tree.map((item: JsonTree) => jsonTree(item, indent, inner)),
      '[',
      ']',
    )
  }
  const parts: string[] = []
  for (const [key, value] of Object.entries(tree)) {
    if (value !== undefined) {
      parts.push(`${jsonText(key, true)}: ${jsonTree(value as JsonTree, indent, inner)}`)
    }
  }
  return enclosed(parts, '{', '}')
}

/** The pieces of a JSON list, one item at a time, so that a report is never one string. */
export function* jsonList(
  items: Iterable<JsonTree>,
  indent: string,
  margin = '',
): Generator<string> {
  let isFirst = true
  for (const item of items) {
    yield `${isFirst ? '[' : ','}\n${margin}${indent}`
    yield jsonTree(item, indent, margin + indent)
    isFirst = false
  }
  yield isFirst ? '[]' : `\n${margin}]`
}
