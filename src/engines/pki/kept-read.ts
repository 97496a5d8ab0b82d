// Reads that many requests share while they are under way and after they have succeeded. One that failed, or found
// nothing, is forgotten at once: a fault of the storage must not be answered for longer than it lasts.

/** The kept read of this key, or a new one, which is kept unless it fails or answers null. */
export function keptRead<K, T>(
  kept: Map<K, Promise<T | null>>,
  key: K,
  read: () => Promise<T | null>,
): Promise<T | null> {
  const found = kept.get(key)
  if (found) return found
  const reading = read()
  kept.set(key, reading)
  const forget = (): void => {
    if (kept.get(key) === reading) kept.delete(key)
  }
  reading.then((value) => {
    if (value === null) forget()
  }, forget)
  return reading
}
