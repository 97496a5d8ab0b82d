// Aho and Corasick's automaton over bytes as one dense table: a step a byte, whatever the number of words. ASCII letters
// are folded by the table of byte classes. States with outputs are numbered last, so that the loop compares one number.

export class KeywordAutomaton {
  /** The words that end in each state with outputs, by number, the longest first. */
  readonly outputs: readonly (readonly number[])[]
  /** By output: whether each of its hits in a text is wanted; otherwise the first. All are at first. */
  readonly wanted: Uint8Array
  /** Begin of the next state's row, by row and class. */
  private readonly next: Uint32Array
  private readonly classOf = new Uint8Array(256)
  private readonly width: number
  private readonly firstOutput: number
  private readonly seen: Uint8Array
  private hits = new Int32Array(1024)

  /** Words in lower case, as byte strings; none is empty and none occurs twice. */
  constructor(words: readonly string[]) {
    const width = this.defineClasses(words)
    this.width = width
    const { children, ends, count } = buildTrie(words, width, this.classOf)
    const { order, fail } = breadthFirst(children, width, count)
    const isOutput = new Uint8Array(count)
    let first = count
    for (const state of order) {
      if (ends[state]! < 0 && isOutput[fail[state]!] === 0) continue
      isOutput[state] = 1
      first--
    }
    this.firstOutput = first * width
    const outputs: (readonly number[])[] = []
    const place = new Uint32Array(count)
    let plain = 0
    for (const state of order) {
      if (isOutput[state] === 0) place[state] = plain++
      else {
        place[state] = first + outputs.length
        const own = ends[state]!
        const inherited = isOutput[fail[state]!] === 0 ? [] : outputs[place[fail[state]!]! - first]!
        outputs.push(own < 0 ? inherited : [own, ...inherited])
      }
    }
    this.outputs = outputs
    this.wanted = new Uint8Array(outputs.length).fill(1)
    this.seen = new Uint8Array(outputs.length)
    this.next = new Uint32Array(count * width)
    for (let state = 0; state < count; state++) {
      const from = state * width
      const to = place[state]! * width
      for (let at = 0; at < width; at++) this.next[to + at] = place[children[from + at]!]! * width
    }
  }

  private defineClasses(words: readonly string[]): number {
    let count = 1
    for (const word of words) {
      for (let i = 0; i < word.length; i++) {
        const byte = word.charCodeAt(i)
        if (this.classOf[byte] === 0) this.classOf[byte] = count++
      }
    }
    for (let upper = 65; upper <= 90; upper++) this.classOf[upper] = this.classOf[upper + 32]!
    return count
  }

  /**
   * Where words occur: pairs of an output's number and the byte behind it, in the order in which they end. The array is
   * used again by the next call; `length` numbers of it count.
   */
  scan(bytes: Uint8Array): { readonly hits: Int32Array; readonly length: number } {
    const { next, classOf, firstOutput, width, seen, wanted } = this
    let { hits } = this
    let length = 0
    let state = 0
    seen.fill(0)
    for (let i = 0; i < bytes.length; i++) {
      state = next[state + classOf[bytes[i]!]!]!
      if (state < firstOutput) continue
      const output = ((state - firstOutput) / width) | 0
      if (seen[output] === 1 && wanted[output] === 0) continue
      seen[output] = 1
      if (length + 2 > hits.length) {
        const grown = new Int32Array(hits.length * 2)
        grown.set(hits)
        this.hits = hits = grown
      }
      hits[length++] = output
      hits[length++] = i + 1
    }
    return { hits, length }
  }
}

function buildTrie(
  words: readonly string[],
  width: number,
  classOf: Uint8Array,
): { readonly children: Uint32Array; readonly ends: Int32Array; readonly count: number } {
  let letters = 1
  for (const word of words) letters += word.length
  const children = new Uint32Array(letters * width)
  const ends = new Int32Array(letters).fill(-1)
  let count = 1
  for (let number = 0; number < words.length; number++) {
    const word = words[number]!
    let state = 0
    for (let i = 0; i < word.length; i++) {
      const at = state * width + classOf[word.charCodeAt(i)]!
      if (children[at] === 0) children[at] = count++
      state = children[at]!
    }
    ends[state] = number
  }
  return { children, ends, count }
}

/** Makes a trie's table whole: where a word doesn't go on, the step of the longest suffix that is a beginning too. */
function breadthFirst(
  children: Uint32Array,
  width: number,
  count: number,
): { readonly order: Uint32Array; readonly fail: Uint32Array } {
  const fail = new Uint32Array(count)
  const order = new Uint32Array(count)
  let found = 1
  for (let head = 0; head < found; head++) {
    const state = order[head]!
    const row = state * width
    const detours = fail[state]! * width
    for (let at = 0; at < width; at++) {
      const child = children[row + at]!
      const detour = state === 0 ? 0 : children[detours + at]!
      if (child === 0) children[row + at] = detour
      else {
        fail[child] = detour
        order[found++] = child
      }
    }
  }
  return { order, fail }
}
