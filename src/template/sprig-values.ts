// sprig's functions on any value: defaults, JSON, and reflection.
import { deepEqual } from './deep-values.ts'
import { isEmpty } from './empty-values.ts'
import { decodeJson, encodeJson } from './go-json.ts'
import { type FunctionTable, type GoValue, kindOf, type Rendering, typeName } from './go-values.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const json = (options: Parameters<typeof encodeJson>[2], isStrict: boolean) =>
  goFunction('any', ([value], rendering) => {
    try {
      return encodeJson(value, rendering, options)
    } catch (error) {
      if (isStrict || !(error instanceof FunctionError)) throw error
      return ''
    }
  })

function fromJson(text: GoValue, rendering: Rendering): GoValue {
  try {
    return decodeJson(text as string, rendering)
  } catch (error) {
    if (error instanceof FunctionError) return null
    throw error
  }
}

const PRETTY = { indent: '  ' }
const RAW = { isHtmlSafe: false }

export const VALUE_FUNCTIONS: FunctionTable = functionTable({
  default: goFunction('any, ...any', ([otherwise, given]) => (isEmpty(given) ? otherwise : given)),
  empty: goFunction('any', ([value]) => isEmpty(value)),
  coalesce: goFunction('...any', (args) => args.find((value) => !isEmpty(value)) ?? null),
  all: goFunction('...any', (args) => args.every((value) => !isEmpty(value))),
  any: goFunction('...any', (args) => args.some((value) => !isEmpty(value))),
  ternary: goFunction('any, any, bool', ([yes, no, isTrue]) => (isTrue ? yes : no)),
  fromJson: goFunction('string', ([text], of) => fromJson(text, of)),
  mustFromJson: goFunction('string', ([text], of) => decodeJson(text as string, of)),
  toJson: json({}, false),
  mustToJson: json({}, true),
  toPrettyJson: json(PRETTY, false),
  mustToPrettyJson: json(PRETTY, true),
  toRawJson: json(RAW, true),
  mustToRawJson: json(RAW, true),
  typeOf: goFunction('any', ([value]) => typeName(value)),
  typeIs: goFunction('string, any', ([name, value]) => typeName(value) === name),
  typeIsLike: goFunction('string, any', ([name, value]) =>
    [name, `*${name}`].includes(typeName(value)),
  ),
  kindOf: goFunction('any', ([value]) => kindOf(value)),
  kindIs: goFunction('string, any', ([name, value]) => kindOf(value) === name),
  deepEqual: goFunction('any, any', ([a, b], of) => deepEqual(a, b, of)),
})
