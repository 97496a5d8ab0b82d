// A bounded cache in two generations: what is used moves to the young one; when that is full, the old one
// is dropped whole. No list to keep in order, no timer, at most twice the bound in memory.

export interface Cache<T> {
  get(key: string): T | undefined
  set(key: string, value: T, bytes: number): void
  delete(key: string): void
  clear(): void
}

interface Slot<T> {
  readonly value: T
  readonly bytes: number
}

/** Each generation holds up to half of `maxCount` and half of `maxBytes`. */
export function generationCache<T>(of: { maxCount: number; maxBytes: number }): Cache<T> {
  let young = new Map<string, Slot<T>>()
  let old = new Map<string, Slot<T>>()
  let youngBytes = 0
  const add = (key: string, slot: Slot<T>): void => {
    if (young.size >= of.maxCount / 2 || youngBytes + slot.bytes > of.maxBytes / 2) {
      old = young
      young = new Map()
      youngBytes = 0
    }
    young.set(key, slot)
    youngBytes += slot.bytes
  }
  const drop = (key: string): void => {
    const slot = young.get(key)
    if (slot) {
      youngBytes -= slot.bytes
      young.delete(key)
    }
    old.delete(key)
  }
  return {
    get(key) {
      const slot = young.get(key)
      if (slot) return slot.value
      const aged = old.get(key)
      if (!aged) return undefined
      old.delete(key)
      add(key, aged)
      return aged.value
    },
    set(key, value, bytes) {
      drop(key)
      if (bytes <= of.maxBytes / 2) add(key, { value, bytes })
    },
    delete: drop,
    clear() {
      young = new Map()
      old = new Map()
      youngBytes = 0
    },
  }
}
