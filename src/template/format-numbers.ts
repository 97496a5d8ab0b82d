// Floats as decimal text the way Go's strconv.FormatFloat writes them, exact and rounded half to even.

interface Decimal {
  /** Significant digits without zeros at either end; "" for zero. */
  readonly digits: string
  /** Where the decimal point is: value = 0.digits * 10^point. */
  readonly point: number
}

/** The shortest digits that read back as the same float. */
function shortest(size: number): Decimal {
  if (size === 0) return { digits: '', point: 0 }
  const [mantissa, exponent] = size.toExponential().split('e')
  const digits = mantissa!.replace('.', '').replace(/0+$/, '')
  return { digits, point: Number(exponent) + 1 }
}

const view = new DataView(new ArrayBuffer(8))

/** All digits: a float is a whole number times a power of two. */
function exact(size: number): Decimal {
  if (size === 0) return { digits: '', point: 0 }
  view.setFloat64(0, size)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n)
  const exponent = (biased === 0 ? 1 : biased) - 1075
  const text =
    exponent >= 0
      ? (mantissa << BigInt(exponent)).toString()
      : (mantissa * 5n ** BigInt(-exponent)).toString()
  const point = exponent >= 0 ? text.length : text.length + exponent
  return { digits: text.replace(/0+$/, ''), point }
}

/** Rounded to this many digits, half to even. */
function rounded(of: Decimal, count: number): Decimal {
  if (count < 0) return { digits: '', point: 0 }
  if (count >= of.digits.length) return of
  const kept = of.digits.slice(0, count)
  const next = of.digits[count]!
  const isHalf = next === '5' && of.digits.length === count + 1
  const last = count > 0 ? Number(kept[count - 1]) : 0
  const goesUp = isHalf ? last % 2 === 1 : next >= '5'
  if (!goesUp) return { digits: kept.replace(/0+$/, ''), point: of.point }
  const more = (BigInt(`0${kept}`) + 1n).toString()
  const padded = more.padStart(count, '0')
  const carry = padded.length > count ? 1 : 0
  return { digits: padded.replace(/0+$/, ''), point: of.point + carry }
}

function exponential(of: Decimal, precision: number, mark: string): string {
  const digits = of.digits.padEnd(precision + 1, '0')
  const exponent = of.digits === '' ? 0 : of.point - 1
  const fraction = precision > 0 ? `.${digits.slice(1, precision + 1)}` : ''
  const size = Math.abs(exponent).toString().padStart(2, '0')
  return `${digits[0] ?? '0'}${fraction}${mark}${exponent < 0 ? '-' : '+'}${size}`
}

function fixed(of: Decimal, precision: number): string {
  const whole = of.point > 0 ? of.digits.slice(0, of.point).padEnd(of.point, '0') : '0'
  if (precision <= 0) return whole
  const lead = of.point < 0 ? '0'.repeat(Math.min(-of.point, precision)) : ''
  const rest = lead + of.digits.slice(Math.max(0, of.point))
  return `${whole}.${rest.slice(0, precision).padEnd(precision, '0')}`
}

/** One of Go's formats e, E, f, g, G; a negative precision means the shortest text. */
export function formatFloat(value: number, format: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (!Number.isFinite(value)) return sign === '-' ? '-Inf' : '+Inf'
  const size = Math.abs(value)
  const isShortest = precision < 0
  const full = isShortest ? shortest(size) : exact(size)
  switch (format) {
    case 'e':
    case 'E': {
      const of = isShortest ? full : rounded(full, precision + 1)
      const count = isShortest ? Math.max(of.digits.length - 1, 0) : precision
      return sign + exponential(of, count, format)
    }
    case 'f': {
      const of = isShortest ? full : rounded(full, full.point + precision)
      return sign + fixed(of, isShortest ? Math.max(of.digits.length - of.point, 0) : precision)
    }
    default: {
      const wanted = isShortest ? full.digits.length : precision === 0 ? 1 : precision
      const of = isShortest ? full : rounded(full, wanted)
      const count = of.digits.length
      let limit = wanted
      if (limit > count && count >= of.point) limit = count
      if (isShortest) limit = 6
      const exponent = of.digits === '' ? -1 : of.point - 1
      if (exponent < -4 || exponent >= limit) {
        const mark = format === 'G' ? 'E' : 'e'
        return sign + exponential(of, Math.max(Math.min(wanted, count) - 1, 0), mark)
      }
      return sign + fixed(of, Math.max(count - of.point, 0))
    }
  }
}

/** Hexadecimal and binary exponents: the verbs x, X and b. */
export function formatFloatBits(value: number, format: 'x' | 'X' | 'b', precision: number): string {
  if (!Number.isFinite(value)) return formatFloat(value, 'g', -1)
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const sign = bits >> 63n === 1n ? '-' : ''
  const biased = Number((bits >> 52n) & 0x7ffn)
  let mantissa = bits & 0xfffffffffffffn
  if (biased !== 0) mantissa |= 1n << 52n
  let exponent = (biased === 0 ? 1 : biased) - 1023
  if (format === 'b') return `${sign}${mantissa}p${exponent < 52 ? '' : '+'}${exponent - 52}`
  if (mantissa === 0n) exponent = 0
  while (mantissa !== 0n && mantissa >> 52n === 0n) {
    mantissa <<= 1n
    exponent--
  }
  if (precision >= 0 && precision < 13) {
    const shift = BigInt((13 - precision) * 4)
    const extra = mantissa & ((1n << shift) - 1n)
    mantissa >>= shift
    const half = 1n << (shift - 1n)
    if (extra > half || (extra === half && (mantissa & 1n) === 1n)) mantissa++
    mantissa <<= shift
    if (mantissa >> 53n !== 0n) {
      mantissa >>= 1n
      exponent++
    }
  }
  let fraction = (mantissa & 0xfffffffffffffn).toString(16).padStart(13, '0')
  fraction =
    precision < 0
      ? fraction.replace(/0+$/, '')
      : fraction.padEnd(precision, '0').slice(0, precision)
  const size = Math.abs(exponent).toString().padStart(2, '0')
  const text = `0x${mantissa === 0n ? 0 : 1}${fraction === '' ? '' : `.${fraction}`}p${exponent < 0 ? '-' : '+'}${size}`
  return sign + (format === 'X' ? text.toUpperCase() : text)
}
