// The two forms of an ECDSA signature: DER (SEQUENCE of two INTEGERs, X9.62) and r ‖ s (JWS, RFC 7518).
// Reading DER is strict, as Go's encoding/asn1 is.

/** r ‖ s of that many bytes each; a fault in words; null for numbers that no signature has. */
export function rawFromDer(der: Uint8Array, bytes: number): Buffer | 'invalid' | 'trailing' | null {
  const outer = readElement(der, 0, 0x30)
  if (outer === null) return 'invalid'
  const r = readElement(der, outer.start, 0x02)
  const s = r === null || r.end > outer.end ? null : readElement(der, r.end, 0x02)
  if (r === null || s === null || s.end > outer.end) return 'invalid'
  if (outer.end < der.length) return 'trailing'
  const numbers = [der.subarray(r.start, r.end), der.subarray(s.start, s.end)]
  if (numbers.some((number) => !isMinimal(number))) return 'invalid'
  // A negative number, or one that is too long, verifies nothing.
  if (numbers.some((number) => (number[0]! & 0x80) !== 0)) return null
  return joinNumbers(numbers, bytes)
}

/** r ‖ s of any even or odd length, each part as long as `bytes`; null where a number is too long. */
export function rawFromHalves(signature: Uint8Array, bytes: number): Buffer | null {
  const half = signature.length >> 1
  return joinNumbers([signature.subarray(0, half), signature.subarray(half)], bytes)
}

function joinNumbers(numbers: readonly Uint8Array[], bytes: number): Buffer | null {
  const raw = Buffer.alloc(2 * bytes)
  for (const [at, number] of numbers.entries()) {
    const first = number.findIndex((byte) => byte !== 0)
    const digits = first < 0 ? number.subarray(number.length) : number.subarray(first)
    if (digits.length > bytes) return null
    raw.set(digits, (at + 1) * bytes - digits.length)
  }
  return raw
}

/** DER of r ‖ s. */
export function derFromRaw(raw: Uint8Array): Buffer {
  const half = raw.length / 2
  const body = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))])
  const length = body.length < 0x80 ? [body.length] : [0x81, body.length]
  return Buffer.concat([Buffer.of(0x30, ...length), body])
}

function integer(number: Uint8Array): Buffer {
  const first = number.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.of(0) : number.subarray(first)
  const sign = digits[0]! >= 0x80 ? [0] : []
  return Buffer.concat([Buffer.of(0x02, digits.length + sign.length, ...sign), digits])
}

const isMinimal = (number: Uint8Array): boolean =>
  number.length > 0 &&
  !(
    number.length > 1 &&
    ((number[0] === 0 && number[1]! < 0x80) || (number[0] === 0xff && number[1]! >= 0x80))
  )

/** One element with that tag; lengths up to 255 are all that a signature needs. */
function readElement(
  der: Uint8Array,
  at: number,
  tag: number,
): { readonly start: number; readonly end: number } | null {
  if (der[at] !== tag) return null
  let length = der[at + 1] ?? 0x80
  let start = at + 2
  if (length === 0x81) {
    length = der[start] ?? 0
    if (length < 0x80) return null
    start += 1
  } else if (length >= 0x80) return null
  const end = start + length
  return end > der.length ? null : { start, end }
}
