// Zstandard as a stream (RFC 8878), in JavaScript, since the oldest supported Node knows none. The compressed bytes go
// in by small pieces: a run-length block makes 128 KiB of four bytes, and the meter must see that early.
import { Decompress } from 'fzstd'
import { SCAN_ZSTD_WINDOW_BYTES } from '../../base/limits.ts'
import type { RatioMeter } from './archive-budget.ts'

const PIECE = 4096

/** Throws ArchiveBomb through the meter, and Error for bytes that are no zstd. */
export async function* zstdStream(
  input: AsyncIterable<Uint8Array>,
  meter: RatioMeter,
): AsyncGenerator<Uint8Array> {
  let made: Uint8Array[] = []
  const decoder = new Decompress((bytes) => {
    meter.produced(bytes.length)
    // The decoder writes over its own buffers.
    if (bytes.length > 0) made.push(Uint8Array.from(bytes))
  })
  let isFirst = true
  for await (const bytes of input) {
    if (isFirst && bytes.length >= 18) checkWindow(bytes)
    isFirst = false
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE)
      meter.consumed(piece.length)
      decoder.push(Uint8Array.from(piece))
      if (made.length === 0) continue
      yield* made
      made = []
    }
  }
  decoder.push(new Uint8Array(0), true)
  yield* made
}

/** A frame's header names the memory that its decoder needs. */
function checkWindow(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0, true) !== 0xfd2fb528) return
  const descriptor = bytes[4]!
  if ((descriptor & 0x20) !== 0) return
  const exponent = bytes[5]! >> 3
  const base = 2 ** (10 + exponent)
  if (base + (base / 8) * (bytes[5]! & 7) > SCAN_ZSTD_WINDOW_BYTES) {
    throw new Error('its zstd window is too large')
  }
}
