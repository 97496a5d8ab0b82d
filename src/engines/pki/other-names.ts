// Other names among the alternative names: "<oid>;UTF8:<value>" in requests and roles, where the value may be
// a glob. Messages are Vault's.
import { badRequest } from '../../base/errors.ts'
import type { OtherName } from '../../crypto/x509/general-names.ts'
import { globMatches } from './name-glob.ts'

const OID = /^[0-2](?:\.(?:0|[1-9]\d{0,19})){1,30}$/

/** Throws 400, whose message begins with `where`. */
export function parseOtherNames(texts: readonly string[], where: string): readonly OtherName[] {
  return texts.map((text) => {
    const semicolon = text.indexOf(';')
    if (semicolon < 0)
      throw badRequest(`${where}: expected a semicolon in other SAN ${JSON.stringify(text)}`)
    const colon = text.indexOf(':', semicolon)
    if (colon < 0)
      throw badRequest(`${where}: expected a colon in other SAN ${JSON.stringify(text)}`)
    const type = text.slice(semicolon + 1, colon).toLowerCase()
    if (type !== 'utf8' && type !== 'utf-8')
      throw badRequest(
        `${where}: only utf8 other SANs are supported; found non-supported type in other SAN ${JSON.stringify(text)}`,
      )
    const oid = text.slice(0, semicolon)
    if (!OID.test(oid))
      throw badRequest(`${where}: ${JSON.stringify(oid)} is not a valid object identifier`)
    return { oid, value: text.slice(colon + 1) }
  })
}

/** Checks what a role allows when it is written. */
export function checkAllowedOtherNames(allowed: readonly string[]): void {
  if (allowed.length === 1 && allowed[0] === '*') return
  parseOtherNames(allowed, 'error parsing allowed_other_sans')
}

/** Throws 400 where the role doesn't allow the name. */
export function assertOtherNameAllowed(allowed: readonly string[], name: OtherName): void {
  if (allowed.length === 1 && allowed[0] === '*') return
  const rules = parseOtherNames(allowed, "error parsing role's allowed SANs")
  const ofType = rules.filter((rule) => rule.oid === name.oid)
  if (ofType.length === 0) throw badRequest(`other SAN OID ${name.oid} not allowed by this role`)
  if (!ofType.some((rule) => globMatches(rule.value, name.value)))
    throw badRequest(`other SAN ${name.value} not allowed for OID ${name.oid} by this role`)
}
