// Decimal arithmetic for sprig's addf, subf, mulf and divf: exact, quotients to 16 places rounded half away from
// zero, so that 0.1 + 0.2 is 0.3.
import { FunctionError } from './template-error.ts'

interface Decimal {
  readonly digits: bigint
  /** value = digits * 10^-places. */
  readonly places: number
}

const DIVISION_PLACES = 16

function decimalOf(value: number): Decimal {
  if (!Number.isFinite(value)) {
    throw new FunctionError(
      `Cannot create a Decimal from ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`,
    )
  }
  const [mantissa, exponent] = value.toExponential().split('e')
  const [whole, fraction = ''] = mantissa!.split('.')
  const places = fraction.length - Number(exponent)
  const digits = BigInt(whole! + fraction)
  return places < 0 ? { digits: digits * 10n ** BigInt(-places), places: 0 } : { digits, places }
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const places = Math.max(a.places, b.places)
  const scale = (of: Decimal): bigint => of.digits * 10n ** BigInt(places - of.places)
  return [scale(a), scale(b), places]
}

function divided(a: Decimal, b: Decimal): Decimal {
  if (b.digits === 0n) throw new FunctionError('decimal division by 0')
  const [above, below] = aligned(a, b)
  const scaled = above * 10n ** BigInt(DIVISION_PLACES)
  const size = (scaled < 0n ? -scaled : scaled) * 2n
  const divisor = below < 0n ? -below : below
  const rounded = (size + divisor) / (divisor * 2n)
  return { digits: scaled < 0n !== below < 0n ? -rounded : rounded, places: DIVISION_PLACES }
}

const OPERATIONS: Readonly<Record<'+' | '-' | '*' | '/', (a: Decimal, b: Decimal) => Decimal>> = {
  '+': (a, b) => {
    const [x, y, places] = aligned(a, b)
    return { digits: x + y, places }
  },
  '-': (a, b) => {
    const [x, y, places] = aligned(a, b)
    return { digits: x - y, places }
  },
  '*': (a, b) => ({ digits: a.digits * b.digits, places: a.places + b.places }),
  '/': divided,
}

/** `first op second op ...`, from left to right. Throws FunctionError for a division by zero. */
export function decimalResult(
  operation: keyof typeof OPERATIONS,
  first: number,
  rest: readonly number[],
): number {
  const apply = OPERATIONS[operation]
  const { digits, places } = rest.reduce(
    (sum, value) => apply(sum, decimalOf(value)),
    decimalOf(first),
  )
  return Number(`${digits}e${-places}`)
}
