// Shannon's entropy of a secret, in bits: runes are counted, but weighed by the number of bytes, as gitleaks does it.
import { isAscii, runesOf } from '../../template/byte-strings.ts'

const counts = new Uint32Array(128)

export function shannonEntropy(text: string): number {
  if (text === '') return 0
  return isAscii(text) ? ofBytes(text) : ofRunes(text)
}

function ofBytes(text: string): number {
  counts.fill(0)
  for (let i = 0; i < text.length; i++) counts[text.charCodeAt(i)]!++
  let entropy = 0
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i)
    const count = counts[byte]!
    if (count === 0) continue
    counts[byte] = 0
    const share = count * (1 / text.length)
    entropy -= share * Math.log2(share)
  }
  return entropy
}

function ofRunes(text: string): number {
  const seen = new Map<number, number>()
  for (const rune of runesOf(text)) seen.set(rune, (seen.get(rune) ?? 0) + 1)
  let entropy = 0
  for (const count of seen.values()) {
    const share = count * (1 / text.length)
    entropy -= share * Math.log2(share)
  }
  return entropy
}
