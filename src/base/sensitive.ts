// A wrapper that keeps a secret out of logs, errors and inspection: whatever prints it sees
// [sensitive]. `reveal()` is the only way in, so that every use can be found by name.

export class Sensitive<T> {
  readonly #value: T
  constructor(value: T) {
    this.#value = value
  }
  reveal(): T {
    return this.#value
  }
  toString(): string {
    return '[sensitive]'
  }
  toJSON(): string {
    return '[sensitive]'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[sensitive]'
  }
}
