// Base64 that a caller sent: what isn't any is a 400 in the original's words, with what was being read in
// front where the original says it.
import { Base64Fault, decodeBase64 as decode } from '../../base/base64.ts'
import { badRequest } from '../../base/errors.ts'

export function decodeBase64(text: string, words = ''): Buffer {
  try {
    return decode(text)
  } catch (error) {
    if (!(error instanceof Base64Fault)) throw error
    throw badRequest(words + error.message)
  }
}

/** A context: null where none was sent. `words` replace the decoder's where the original does so. */
export function decodeContext(text: string | undefined, words?: string): Buffer | null {
  if (text === undefined || text === '') return null
  if (words === undefined) return decodeBase64(text)
  try {
    return decode(text)
  } catch {
    throw badRequest(words)
  }
}
