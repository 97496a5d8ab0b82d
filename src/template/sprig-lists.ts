// sprig's functions on lists. They answer new lists; what is given is never changed.
import { toInt, toText } from './cast-values.ts'
import { deepEqual } from './deep-values.ts'
import { isEmpty } from './empty-values.ts'
import { INTS, LISTS, STRINGS, UINT8 } from './go-types.ts'
import {
  type FunctionTable,
  GoBytes,
  GoInt,
  GoList,
  type GoValue,
  kindOf,
  listOf,
  NIL_LIST,
  type Rendering,
  type TemplateFunction,
} from './go-values.ts'
import { textsOf } from './sprig-strings.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const NIL_TYPE = 'runtime error: invalid memory address or nil pointer dereference'

/** The elements of a list; `verb` for the words of the refusal. */
function itemsOf(value: GoValue, refusal: string): readonly GoValue[] {
  if (value instanceof GoList) return value.items
  if (value instanceof GoBytes) {
    return Array.from(value.text, (char) => new GoInt(UINT8, BigInt(char.charCodeAt(0))))
  }
  if (value === null || value === undefined) throw new FunctionError(NIL_TYPE)
  throw new FunctionError(`${refusal} ${kindOf(value)}`)
}

/** A function and its "must" twin, which differ in Go only in panicking. */
function pair(name: string, made: TemplateFunction): Record<string, TemplateFunction> {
  return { [name]: made, [`must${name[0]!.toUpperCase()}${name.slice(1)}`]: made }
}

const onList = (
  refusal: string,
  change: (items: readonly GoValue[], rendering: Rendering) => GoValue,
) =>
  goFunction('any', ([list], rendering) => {
    const items = itemsOf(list, refusal)
    rendering.spend(items.length)
    return change(items, rendering)
  })

const has = (items: readonly GoValue[], value: GoValue, rendering: Rendering): boolean =>
  items.some((item) => deepEqual(value, item, rendering))

function chunk(size: number, items: readonly GoValue[]): GoList {
  if (size <= 0) throw new FunctionError('runtime error: makeslice: len out of range')
  const chunks: GoList[] = []
  for (let at = 0; at < items.length; at += size) chunks.push(listOf(items.slice(at, at + size)))
  return new GoList(LISTS, chunks)
}

function slice(list: GoValue, indices: readonly GoValue[]): GoValue {
  const items = itemsOf(list, 'list should be type of slice or array but')
  if (items.length === 0) return null
  const from = indices.length > 0 ? Number(toInt(indices[0])) : 0
  const to = indices.length > 1 ? Number(toInt(indices[1])) : items.length
  if (from < 0 || to < from || to > items.length) {
    throw new FunctionError('reflect.Value.Slice: slice index out of bounds')
  }
  if (list instanceof GoBytes) return new GoBytes(list.text.slice(from, to))
  return new GoList((list as GoList).type, items.slice(from, to))
}

function concat(lists: readonly GoValue[], rendering: Rendering): GoList {
  const all: GoValue[] = []
  for (const list of lists) {
    if (!(list instanceof GoList || list instanceof GoBytes) && list !== null) {
      throw new FunctionError(`Cannot concat type ${kindOf(list)} as list`)
    }
    const items = itemsOf(list, '')
    rendering.spend(items.length)
    for (const item of items) all.push(item)
  }
  return all.length === 0 ? NIL_LIST : listOf(all)
}

/** sprig's untilStep; the count is known before anything is made. */
export function steps(from: bigint, to: bigint, step: bigint, rendering: Rendering): bigint[] {
  const isDown = to < from
  if (isDown ? step >= 0n : step <= 0n) return []
  const size = isDown ? (from - to - step - 1n) / -step : (to - from + step - 1n) / step
  rendering.room(Number(size) * 8)
  rendering.spend(Number(size))
  return Array.from({ length: Number(size) }, (_, i) => from + BigInt(i) * step)
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function reversed(items: readonly GoValue[]): GoList {
  return listOf(items.toReversed())
}

function uniq(items: readonly GoValue[], rendering: Rendering): GoList {
  const seen: GoValue[] = []
  const texts = new Set<string>()
  for (const item of items) {
    if (typeof item === 'string') {
      if (texts.has(item)) continue
      texts.add(item)
    } else if (has(seen, item, rendering)) continue
    seen.push(item)
  }
  return listOf(seen)
}

const added = (refusal: string, isFirst: boolean) =>
  goFunction('any, any', ([list, value], rendering) => {
    const items = itemsOf(list, refusal)
    rendering.spend(items.length)
    return listOf(isFirst ? [value, ...items] : [...items, value])
  })

const push = added('Cannot push on type', false)

export const LIST_FUNCTIONS: FunctionTable = functionTable({
  list: goFunction('...any', (args) => listOf(args)),
  tuple: goFunction('...any', (args) => listOf(args)),
  ...pair('append', push),
  ...pair('push', push),
  ...pair('prepend', added('Cannot prepend on type', true)),
  ...pair(
    'first',
    onList('Cannot find first on type', (items) => items[0] ?? null),
  ),
  ...pair(
    'last',
    onList('Cannot find last on type', (items) => items.at(-1) ?? null),
  ),
  ...pair(
    'rest',
    onList('Cannot find rest on type', (items) =>
      items.length === 0 ? NIL_LIST : listOf(items.slice(1)),
    ),
  ),
  ...pair(
    'initial',
    onList('Cannot find initial on type', (items) =>
      items.length === 0 ? NIL_LIST : listOf(items.slice(0, -1)),
    ),
  ),
  ...pair('reverse', onList('Cannot find reverse on type', reversed)),
  ...pair('uniq', onList('Cannot find uniq on type', uniq)),
  ...pair(
    'compact',
    onList('Cannot compact on type', (items) => listOf(items.filter((item) => !isEmpty(item)))),
  ),
  ...pair(
    'without',
    goFunction('any, ...any', ([list, ...omitted], rendering) =>
      listOf(
        itemsOf(list, 'Cannot find without on type').filter(
          (item) => !has(omitted, item, rendering),
        ),
      ),
    ),
  ),
  ...pair(
    'has',
    goFunction('any, any', ([value, list], rendering) =>
      list === null ? false : has(itemsOf(list, 'Cannot find has on type'), value, rendering),
    ),
  ),
  ...pair(
    'slice',
    goFunction('any, ...any', ([list, ...indices]) => slice(list, indices)),
  ),
  ...pair(
    'chunk',
    goFunction('int, any', ([size, list]) =>
      chunk(Number(size), itemsOf(list, 'Cannot chunk type')),
    ),
  ),
  concat: goFunction('...any', concat),
  sortAlpha: goFunction('any', ([list], rendering) => {
    if (!(list instanceof GoList || list instanceof GoBytes)) {
      return new GoList(STRINGS, [toText(list, rendering)])
    }
    const texts = textsOf(list, rendering)
    rendering.spend(texts.length * 4)
    return new GoList(STRINGS, texts.sort(byText))
  }),
  until: goFunction(
    'int',
    ([count], of) =>
      new GoList(INTS, steps(0n, count as bigint, (count as bigint) < 0n ? -1n : 1n, of)),
  ),
  untilStep: goFunction(
    'int, int, int',
    ([from, to, step], of) =>
      new GoList(INTS, steps(from as bigint, to as bigint, step as bigint, of)),
  ),
})
