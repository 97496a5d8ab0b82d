// The one order of storage keys and names: that of their UTF-8 bytes. JavaScript compares UTF-16 code
// units, which puts U+E000..U+FFFF after the surrogate pairs; UTF-8 (and so every backend) puts them before.

/** Moves surrogates above U+E000..U+FFFF, so that code units sort as the code points do. */
const rank = (unit: number): number =>
  unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000

/** Negative, zero or positive, as `a` sorts before, with or after `b` in UTF-8 byte order. */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}
