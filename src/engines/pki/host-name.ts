// What counts as a host name in a certificate: labels of letters, digits and hyphens after conversion to ASCII
// (RFC 5890), perhaps with a wildcard in the leftmost label (RFC 6125, 6.4.3). Messages are Vault's.
import { domainToASCII } from 'node:url'
import { badRequest } from '../../base/errors.ts'

const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
/** Labels hold no dot, so each text is matched in one way only. */
const HOST_NAME = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)*${LABEL}\\.?$`)
const WILD_LABEL = new RegExp(`^(?:\\*|\\*${LABEL}|${LABEL}\\*|${LABEL}\\*${LABEL})$`)

/** Of a name in ASCII. */
export const isHostName = (name: string): boolean => HOST_NAME.test(name)
/** Of the leftmost label of a name with a wildcard. */
export const isWildcardLabel = (label: string): boolean => WILD_LABEL.test(label)

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length

/** The name in ASCII; null where a label is empty or too long. */
export function toAscii(name: string): string | null {
  const labels = name.split('.')
  // One dot at the end is the root's.
  const isRooted = labels.length > 1 && labels.at(-1) === ''
  if (isRooted) labels.pop()
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    const ascii = isAscii(label) ? label : domainToASCII(label)
    if (ascii.length === 0 || ascii.length > 63) return null
    labels[i] = ascii
  }
  const whole = labels.join('.')
  if (whole.length > 253) return null
  return isRooted ? `${whole}.` : whole
}

/** The same, or 400, which names the label that is wrong, or the name where it is too long. */
export function asciiName(name: string): string {
  const ascii = toAscii(name)
  if (ascii !== null) return ascii
  const bad = name.split('.').find((label) => label !== '' && toAscii(label) === null) ?? name
  throw badRequest(`idna: invalid label "${bad.slice(0, 300)}"`)
}
