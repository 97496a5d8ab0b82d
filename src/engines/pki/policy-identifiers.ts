// Certificate policies of a role: each an object identifier, or JSON text {"oid","cps","notice"} with
// qualifiers. What is stored is what was sent, as in Vault.
import { badRequest } from '../../base/errors.ts'
import type { Json } from '../../base/json.ts'
import { type Field, list } from '../../schema/field.ts'

export interface PolicyIdentifier {
  readonly oid: string
  readonly cps?: string
  readonly notice?: string
}

const plain = list('')

/** A list or comma-separated text of identifiers, or the text of a JSON list of qualified ones. */
export const policyIdentifiersField = (about: string): Field<readonly string[]> => ({
  ...list(about, { default: [] }),
  parse: (sent) => (typeof sent === 'string' ? jsonList(sent) : null) ?? plain.parse(sent) ?? [],
})

function jsonList(text: string): readonly string[] | null {
  if (!/^\s*\[/.test(text)) return null
  const value = parsed(text)
  if (!Array.isArray(value)) return null
  return value.map((entry) => {
    const { oid = '', cps, notice } = asEntry(entry)
    return JSON.stringify({ oid, ...(cps ? { cps } : {}), ...(notice ? { notice } : {}) })
  })
}

/** Throws 400 for one that is neither an identifier nor JSON of one, and for one that is given twice. */
export function parsePolicyIdentifiers(stored: readonly string[]): readonly PolicyIdentifier[] {
  const policies = stored.filter((text) => text !== '').map(parseOne)
  const seen = new Set<string>()
  for (const { oid } of policies) {
    // RFC 5280, 4.2.1.4: a certificate with one twice is refused by those who read it.
    if (seen.has(oid)) throw badRequest(`policy identifier "${oid}" is given more than once`)
    seen.add(oid)
  }
  return policies
}

/** RFC 5280, 4.2.1.4: explicitText. */
const MAX_NOTICE = 200

const OID = /^\d{1,10}(?:\.\d{1,20}){1,40}$/

function parseOne(text: string): PolicyIdentifier {
  if (OID.test(text)) return { oid: text }
  const { oid, cps, notice } = asEntry(parsed(text))
  if (oid === undefined || !OID.test(oid.trim()))
    throw badRequest(
      `policy identifier "${text}" is neither a valid OID, nor JSON Policy Identifier`,
    )
  if (notice !== undefined && [...notice].length > MAX_NOTICE)
    throw badRequest(`the notice of a policy identifier takes at most ${MAX_NOTICE} characters`)
  return { oid: oid.trim(), ...(cps ? { cps } : {}), ...(notice ? { notice } : {}) }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

function asEntry(value: Json): { oid?: string; cps?: string; notice?: string } {
  const entry: { oid?: string; cps?: string; notice?: string } = {}
  if (typeof value !== 'object' || value === null) return entry
  for (const name of ['oid', 'cps', 'notice'] as const) {
    const found = (value as Readonly<Record<string, Json>>)[name]
    if (typeof found === 'string') entry[name] = found
  }
  return entry
}
