// sprig's functions on dictionaries. As in Go, `set`, `unset` and `merge` change the dictionary that they are given;
// it never is the caller's own data, which is copied on the way in.
import { toText } from './cast-values.ts'
import { deepCopy, mergeInto } from './deep-values.ts'
import { DICT, STRINGS } from './go-types.ts'
import {
  type FunctionTable,
  GoList,
  GoMap,
  type GoValue,
  listOf,
  type Rendering,
  typeName,
} from './go-values.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const dictOf = (value: GoValue): GoMap => value as GoMap

function dict(args: readonly GoValue[], rendering: Rendering): GoMap {
  const entries = new Map<string, GoValue>()
  for (let i = 0; i < args.length; i += 2) {
    entries.set(toText(args[i], rendering), i + 1 < args.length ? args[i + 1] : '')
  }
  return new GoMap(DICT, entries)
}

function dig(args: readonly GoValue[]): GoValue {
  if (args.length < 3) throw new FunctionError('dig needs at least three arguments')
  const keys = args.slice(0, -2)
  const otherwise = args.at(-2)
  let inner: GoValue = args.at(-1)
  const conversion = (value: GoValue, type: string): FunctionError =>
    new FunctionError(
      `interface conversion: interface {} is ${value === null || value === undefined ? 'nil' : typeName(value)}, not ${type}`,
    )
  if (!(inner instanceof GoMap) || inner.type !== DICT) throw conversion(inner, DICT.name)
  for (const key of keys) if (typeof key !== 'string') throw conversion(key, 'string')
  for (const [i, key] of keys.entries()) {
    if (!(inner instanceof GoMap) || inner.type !== DICT) throw conversion(inner, DICT.name)
    const found: GoValue = inner.entries.get(key as string)
    if (found === undefined && !inner.entries.has(key as string)) return otherwise
    inner = found
    if (i === keys.length - 1) return inner
  }
  return inner
}

function chosen(of: GoMap, isKept: (key: string) => boolean): GoMap {
  return new GoMap(DICT, new Map([...of.entries].filter(([key]) => isKept(key))))
}

const merged = (isOverwriting: boolean) =>
  goFunction('dict, ...dict', ([destination, ...sources], rendering) => {
    for (const source of sources) {
      mergeInto(dictOf(destination), dictOf(source), isOverwriting, rendering)
    }
    return destination
  })

const copied = goFunction('any', ([value], rendering) => {
  if (value === null) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value')
  return deepCopy(value, rendering)
})

/** Go leaves the order of keys and values open; ours is sorted, so that output is stable. */
export const DICT_FUNCTIONS: FunctionTable = functionTable({
  dict: goFunction('...any', dict),
  get: goFunction('dict, string', ([of, key]) => {
    const { entries } = dictOf(of)
    return entries.has(key as string) ? entries.get(key as string) : ''
  }),
  set: goFunction('dict, string, any', ([of, key, value]) => {
    dictOf(of).entries.set(key as string, value)
    return of
  }),
  unset: goFunction('dict, string', ([of, key]) => {
    dictOf(of).entries.delete(key as string)
    return of
  }),
  hasKey: goFunction('dict, string', ([of, key]) => dictOf(of).entries.has(key as string)),
  pluck: goFunction('string, ...dict', ([key, ...dicts]) =>
    listOf(
      dicts
        .filter((of) => dictOf(of).entries.has(key as string))
        .map((of) => dictOf(of).entries.get(key as string)),
    ),
  ),
  keys: goFunction('...dict', (dicts) => {
    return new GoList(
      STRINGS,
      dicts.flatMap((of) => dictOf(of).sortedKeys()),
    )
  }),
  values: goFunction('dict', ([of]) =>
    listOf(
      dictOf(of)
        .sortedKeys()
        .map((key) => dictOf(of).entries.get(key)),
    ),
  ),
  pick: goFunction('dict, ...string', ([of, ...keys]) =>
    chosen(dictOf(of), (key) => keys.includes(key)),
  ),
  omit: goFunction('dict, ...string', ([of, ...keys]) =>
    chosen(dictOf(of), (key) => !keys.includes(key)),
  ),
  merge: merged(false),
  mustMerge: merged(false),
  mergeOverwrite: merged(true),
  mustMergeOverwrite: merged(true),
  deepCopy: copied,
  mustDeepCopy: copied,
  dig: goFunction('...any', dig),
})
