// How functions of templates are written. A signature names the types of the parameters in Go's order, the last
// one with "..." when it may repeat: 'int, string' or 'any, ...any'. Arguments are checked before the call.
import {
  ANY,
  BOOL,
  DICT,
  FLOAT64,
  type GoType,
  INT,
  INT64,
  LIST,
  STRING,
  TIME,
  UINT32,
  VALUE,
} from './go-types.ts'
import {
  type FunctionTable,
  type GoValue,
  goValue,
  plainValue,
  type Rendering,
  type TemplateFunction,
} from './go-values.ts'

const NAMES: Readonly<Record<string, GoType>> = {
  any: ANY,
  value: VALUE,
  string: STRING,
  bool: BOOL,
  int: INT,
  int64: INT64,
  uint32: UINT32,
  float64: FLOAT64,
  list: LIST,
  dict: DICT,
  time: TIME,
}

/** The arguments by their names in a signature; what `call` gets for `any` and `value` may be any value. */
export type Call = (args: readonly GoValue[], rendering: Rendering) => GoValue

/** A function that works on the machine's own values (go-values.ts): strings are byte strings. */
export function goFunction(signature: string, call: Call): TemplateFunction {
  const words = signature === '' ? [] : signature.split(',').map((word) => word.trim())
  const isVariadic = words.at(-1)?.startsWith('...') ?? false
  const params = words.map((word) => {
    const type = NAMES[word.replace('...', '')]
    if (!type) throw new Error(`signature "${signature}" names an unknown type`)
    return type
  })
  return { params, isVariadic, call }
}

/**
 * A function on plain data: strings are texts, ints and floats numbers, maps objects. It throws FunctionError to
 * refuse; what it answers goes through goValue (answer a bigint for an int).
 */
export function plainFunction(
  signature: string,
  call: (...args: readonly never[]) => unknown,
): TemplateFunction {
  const plain = call as (...args: readonly unknown[]) => unknown
  return goFunction(signature, (args) => goValue(plain(...args.map(plainValue))))
}

/** Tables joined; later ones win. */
export function functionTable(
  ...parts: readonly (FunctionTable | Readonly<Record<string, TemplateFunction>>)[]
): FunctionTable {
  const table = new Map<string, TemplateFunction>()
  for (const part of parts) {
    for (const [name, made] of part instanceof Map ? part : Object.entries(part)) {
      table.set(name, made)
    }
  }
  return table
}
