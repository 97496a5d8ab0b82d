// Aho and Corasick's automaton over bytes as one dense table: a step a byte, whatever the number of words. ASCII letters
// are folded by the table of byte classes. States with outputs are numbered last, so that the loop compares one number.

export class KeywordAutomaton {
  /** Begin of the next state's row, by row and class. */
  private readonly next: Uint32Array
  private readonly classOf = new Uint8Array(256)
  private readonly width: number
  private readonly firstOutput: number
  /** The words that end in a state with outputs, by number, the longest first. */
  private readonly outputs: readonly (readonly number[])[]
  private hits = new Int32Array(1024)

  /** Words in lower case, as byte strings; none is empty and none occurs twice. */
  constructor(words: readonly string[]) {
    this.width = this.defineClasses(words)
    const { children, ends } = buildTrie(words, this.width, this.classOf)
    const count = ends.length
    const { order, fail } = breadthFirst(children, this.width, count)
    const outputs: (readonly number[])[] = new Array(count)
    for (const state of order) {
      const inherited = state === 0 ? [] : outputs[fail[state]!]!
      outputs[state] = ends[state]! < 0 ? inherited : [ends[state]!, ...inherited]
    }
    const sorted = [...order].sort(
      (a, b) => Number(outputs[a]!.length > 0) - Number(outputs[b]!.length > 0),
    )
    const place = new Uint32Array(count)
    for (const [i, state] of sorted.entries()) place[state] = i
    this.next = new Uint32Array(count * this.width)
    for (const state of order) {
      for (let at = 0; at < this.width; at++) {
        const to = children[state * this.width + at]!
        this.next[place[state]! * this.width + at] = place[to]! * this.width
      }
    }
    const first = sorted.findIndex((state) => outputs[state]!.length > 0)
    this.firstOutput = (first < 0 ? count : first) * this.width
    this.outputs = first < 0 ? [] : sorted.slice(first).map((state) => outputs[state]!)
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
   * Where words occur: pairs of a word's number and the byte behind it, in the order in which they end. The array is used
   * again by the next call; `length` numbers of it count.
   */
  scan(bytes: Uint8Array): { readonly hits: Int32Array; readonly length: number } {
    const { next, classOf, firstOutput, width, outputs } = this
    let { hits } = this
    let length = 0
    let state = 0
    for (let i = 0; i < bytes.length; i++) {
      state = next[state + classOf[bytes[i]!]!]!
      if (state < firstOutput) continue
      for (const word of outputs[(state - firstOutput) / width]!) {
        if (length + 2 > hits.length) {
          const grown = new Int32Array(hits.length * 2)
          grown.set(hits)
          this.hits = hits = grown
        }
        hits[length++] = word
        hits[length++] = i + 1
      }
    }
    return { hits, length }
  }
}

function buildTrie(
  words: readonly string[],
  width: number,
  classOf: Uint8Array,
): { children: Int32Array; ends: number[] } {
  const letters = words.reduce((sum, word) => sum + word.length, 1)
  const children = new Int32Array(letters * width)
  const ends: number[] = [-1]
  for (const [number, word] of words.entries()) {
    let state = 0
    for (let i = 0; i < word.length; i++) {
      const at = state * width + classOf[word.charCodeAt(i)]!
      if (children[at] === 0) children[at] = ends.push(-1) - 1
      state = children[at]!
    }
    ends[state] = number
  }
  return { children, ends }
}

/** Makes a trie's table whole: where a word doesn't go on, the step of the longest suffix that is a beginning too. */
function breadthFirst(
  children: Int32Array,
  width: number,
  count: number,
): { order: number[]; fail: Int32Array } {
  const fail = new Int32Array(count)
  const order = [0]
  for (let head = 0; head < order.length; head++) {
    const state = order[head]!
    for (let at = 0; at < width; at++) {
      const child = children[state * width + at]!
      const detour = state === 0 ? 0 : children[fail[state]! * width + at]!
      if (child === 0) children[state * width + at] = detour
      else {
        fail[child] = detour
        order.push(child)
      }
    }
  }
  return { order, fail }
}
