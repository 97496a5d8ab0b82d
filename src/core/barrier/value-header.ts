// The header of every encrypted value: format (1 byte), keyring (4 bytes), term (4 bytes), big-endian;
// behind it nonce, ciphertext and tag. The keyring's number is 0 until a namespace can have its own.

export const HEADER_BYTES = 9
const FORMAT = 1

/** A header for values under a term of keyring 0. */
export function headerOf(term: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = FORMAT
  header.writeUInt32BE(term, 5)
  return header
}

/** The term of a value; 0, which is no term, if the header is not one that this version writes. */
export function termIn(value: Uint8Array): number {
  if (value.length < HEADER_BYTES || value[0] !== FORMAT) return 0
  if ((value[1]! | value[2]! | value[3]! | value[4]!) !== 0) return 0
  return ((value[5]! << 24) | (value[6]! << 16) | (value[7]! << 8) | value[8]!) >>> 0
}
