// sprig's arithmetic. Integers are int64 and wrap; what is no number counts as zero.
import type { Random } from '../base/random.ts'
import { toFloat, toInt } from './cast-values.ts'
import { decimalResult } from './decimals.ts'
import { valueText } from './format-values.ts'
import { INT64 } from './go-types.ts'
import { type FunctionTable, GoInt, type GoValue } from './go-values.ts'
import { parseInteger } from './parse-number.ts'
import { steps } from './sprig-lists.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

const int64 = (value: bigint): GoInt => new GoInt(INT64, BigInt.asIntN(64, value))

const folded = (fold: (a: bigint, b: bigint) => bigint, start?: bigint) =>
  goFunction(start === undefined ? 'any, ...any' : '...any', (args) => {
    const values = args.map(toInt)
    const first = start ?? values.shift() ?? 0n
    return int64(values.reduce((sum, value) => BigInt.asIntN(64, fold(sum, value)), first))
  })

const two = (apply: (a: bigint, b: bigint) => bigint) =>
  goFunction('any, any', ([a, b]) => int64(apply(toInt(a), toInt(b))))

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new FunctionError('runtime error: integer divide by zero')
  return value
}

const floats = (operation: '+' | '-' | '*' | '/', isFromZero = false) =>
  goFunction(isFromZero ? '...any' : 'any, ...any', (args) => {
    const values = args.map(toFloat)
    const first = isFromZero ? 0 : (values.shift() ?? 0)
    return decimalResult(operation, first, values)
  })

const chosenFloat = (choose: (a: number, b: number) => number) =>
  goFunction('any, ...any', (args) => args.map(toFloat).reduce(choose))

// Not Math.max and Math.min: these are bigints.
function larger(a: bigint, b: bigint): bigint {
  if (b > a) return b
  return a
}

function smaller(a: bigint, b: bigint): bigint {
  if (b < a) return b
  return a
}

const max = folded(larger)

function round(value: number, places: number, on: number): number {
  const power = 10 ** places
  const digit = power * value
  const rest = digit - Math.trunc(digit)
  return (rest >= on ? Math.ceil(digit) : Math.floor(digit)) / power
}

function seq(args: readonly bigint[], spend: Parameters<typeof steps>[3]): string {
  const [first, second, third] = args
  if (first === undefined || args.length > 3) return ''
  let [from, to, step] = [1n, first, first < 1n ? -1n : 1n]
  if (second !== undefined) [from, to] = [first, second]
  if (second !== undefined) step = to < from ? -1n : 1n
  let direction = step
  if (second !== undefined && third !== undefined) {
    ;[from, step, to] = [first, second, third]
    direction = to < from ? -1n : 1n
    if (to < from && step > 0n) return ''
  }
  return steps(from, to + direction, step, spend).join(' ')
}

/** A number in [0, below) from 8 random bytes. */
export function randomBelow(random: Random, below: bigint): bigint {
  return random.bytes(16).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % below
}

export function mathFunctions(random: Random): FunctionTable {
  return functionTable({
    atoi: goFunction('string', ([text]) => atoi(text as string)),
    int: goFunction('any', ([value]) => toInt(value)),
    int64: goFunction('any', ([value]) => int64(toInt(value))),
    float64: goFunction('any', ([value]) => toFloat(value)),
    toDecimal: goFunction('any', ([value], of) =>
      int64(parseInteger(valueText(value, of), 8) ?? 0n),
    ),
    seq: goFunction('...int', (args, of) => seq(args as readonly bigint[], of)),
    add1: goFunction('any', ([value]) => int64(toInt(value) + 1n)),
    add: folded((a, b) => a + b, 0n),
    sub: two((a, b) => a - b),
    div: two((a, b) => a / nonZero(b)),
    mod: two((a, b) => a % nonZero(b)),
    mul: folded((a, b) => a * b),
    randInt: goFunction('int, int', ([from, to]) => {
      const size = (to as bigint) - (from as bigint)
      if (size <= 0n) throw new FunctionError('invalid argument to Intn')
      return (from as bigint) + randomBelow(random, size)
    }),
    add1f: goFunction('any', ([value]) => decimalResult('+', toFloat(value), [1])),
    addf: floats('+', true),
    subf: floats('-'),
    mulf: floats('*'),
    divf: floats('/'),
    biggest: max,
    max,
    min: folded(smaller),
    maxf: chosenFloat((a, b) => Math.max(a, b)),
    minf: chosenFloat((a, b) => Math.min(a, b)),
    ceil: goFunction('any', ([value]) => Math.ceil(toFloat(value))),
    floor: goFunction('any', ([value]) => Math.floor(toFloat(value))),
    round: goFunction('any, int, ...float64', ([value, places, on]) =>
      round(toFloat(value), Number(places), (on as number | undefined) ?? 0.5),
    ),
  })
}

/** strconv.Atoi with its error dropped: out of range it still answers the nearest bound. */
function atoi(text: string): GoValue {
  const value = parseInteger(text, 10)
  if (value !== null) return value
  if (!/^[+-]?[0-9]+$/.test(text)) return 0n
  return text.startsWith('-') ? -(2n ** 63n) : 2n ** 63n - 1n
}
