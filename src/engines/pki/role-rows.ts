// roles/:name: what certificates a role may be used for. A write replaces the role, a patch changes what it
// names; both answer the whole role.
import { parseCidr } from '../../base/cidr.ts'
import { badRequest } from '../../base/errors.ts'
import { decodeOid, encodeOid } from '../../crypto/x509/oid-codec.ts'
import { string } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import type { ReadStorage, Tx } from '../../sdk/storage.ts'
import { findIssuer, NAME, readDirectory } from './authority.ts'
import { keyChoice } from './key-policy.ts'
import { needsIdentity } from './name-rules.ts'
import { checkAllowedOtherNames } from './other-names.ts'
import { parsePolicyIdentifiers } from './policy-identifiers.ts'
import { type Role, roleFields, roleKey, withoutDefaults } from './role-fields.ts'
import { sortedData } from './sorted-data.ts'
import { checkBounds } from './validity.ts'

const { list, read, write, patch, remove } = endpoints()

const params = { name: string('Name of the role.', { required: true }) }
const output = {
  ...roleFields,
  allow_token_displayname: { ...roleFields.allow_localhost, about: 'Always false.' },
}

export const roleRows = [
  list('roles', {
    about: 'Lists the roles.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, page) => keysAnswer(await listNames(ctx.storage, 'role/', page)),
  }),
  read('roles/:name', {
    about: 'Shows a role.',
    effects: false,
    params,
    output,
    handle: async (ctx, { name }) => {
      const role = await readRole(ctx.storage, name)
      return role === null ? { empty: true } : { data: roleData(role) }
    },
  }),
  write('roles/:name', {
    about: 'Creates a role, or replaces it.',
    params,
    input: roleFields,
    output,
    exists: async (ctx, { name }) => (await readRole(ctx.storage, name)) !== null,
    handle: async (ctx, { name, ...sent }) => {
      checkRoleName(name)
      return ctx.storage.transaction((tx) => saveRole(tx, name, sent, sent.generate_lease))
    },
  }),
  patch('roles/:name', {
    about: 'Changes fields of a role.',
    params,
    body: 'mergePatch',
    input: withoutDefaults(roleFields),
    output,
    handle: (ctx, { name, ...sent }) => changeRole(ctx, name, sent),
  }),
  remove('roles/:name', {
    about: 'Removes a role; what it issued stays valid.',
    params,
    handle: async (ctx, { name }) => {
      await ctx.storage.delete(roleKey(name))
      return { empty: true }
    },
  }),
]

/** null where there is none. */
export const readRole = async (storage: ReadStorage, name: string): Promise<Role | null> =>
  (await storage.get(roleKey(name)))?.json<Role>() ?? null

const roleData = (role: Role): Data => sortedData({ ...role, allow_token_displayname: false })

function checkRoleName(name: string): void {
  if (!NAME.test(name)) throw badRequest(`invalid role name ${JSON.stringify(name)}`)
}

async function changeRole(
  ctx: RequestContext,
  name: string,
  sent: { readonly [K in keyof Role]?: Role[K] | undefined },
): Promise<Answer> {
  const answer = await ctx.storage.transaction(async (tx) => {
    const before = await readRole(tx, name)
    if (before === null) return null
    const named = Object.entries(sent).filter(([, value]) => value !== undefined)
    const changed = { ...before, ...(Object.fromEntries(named) as Partial<Role>) }
    return saveRole(tx, name, changed, sent.generate_lease ?? before.generate_lease)
  })
  if (answer === null) throw badRequest('Unable to fetch role entry to patch')
  return answer
}

const NO_STORE_WARNING =
  'mutually exclusive values no_store=true and generate_lease=true were both specified; no_store=true takes priority'
const LEASE_WARNING =
  "it is encouraged to disable generate_lease and rely on PKI's native capabilities when possible; this option can cause instance-wide issues with large numbers of issued certificates"

const IDENTITY_WARNING =
  'identity templates in allowed_domains and allowed_uri_sans need identity, which is not there yet: they match no name'

/** Checks and stores the role. Throws 400. */
async function saveRole(tx: Tx, name: string, sent: Role, wantsLease: boolean): Promise<Answer> {
  checkAllowedOtherNames(sent.allowed_other_sans)
  const { role, warnings } = checked(sent, wantsLease)
  const { issuer_ref } = role
  if (findIssuer(await readDirectory(tx), issuer_ref) === null)
    warnings.unshift(
      issuer_ref === 'default'
        ? 'Issuing Certificate was set to default, but no default issuing certificate (configurable at /config/issuers) is currently set'
        : `Issuing Certificate was set to ${issuer_ref} but no issuing certificate currently has that name`,
    )
  tx.put(roleKey(name), { json: role })
  return { data: roleData(role), warnings }
}

function checked(sent: Role, wantsLease: boolean): { role: Role; warnings: string[] } {
  const networks = sent.allowed_ip_sans_cidr.map((text) => {
    const cidr = text.includes('/') ? parseCidr(text) : null
    if (!cidr) throw badRequest(`error parsing allowed_ip_sans_cidr: invalid CIDR address: ${text}`)
    return cidr.text
  })
  checkBounds(sent)
  if (sent.max_ttl > 0 && sent.ttl > sent.max_ttl)
    throw badRequest('"ttl" value must be less than "max_ttl" value')
  const { keyType, keyBits, signatureBits } = keyChoice(
    sent.key_type,
    sent.key_bits,
    sent.signature_bits,
  )
  for (const oid of sent.ext_key_usage_oids) {
    if (!isOid(oid))
      throw badRequest(
        `${JSON.stringify(oid)} could not be parsed as a valid oid for an extended key usage`,
      )
  }
  parsePolicyIdentifiers(sent.policy_identifiers)
  const role: Role = {
    ...sent,
    allowed_ip_sans_cidr: networks,
    cn_validations: commonNameChecks(sent.cn_validations),
    generate_lease: wantsLease && !sent.no_store,
    issuer_ref: sent.issuer_ref === '' ? 'default' : sent.issuer_ref,
    key_bits: keyBits,
    key_type: keyType,
    signature_bits: signatureBits,
  }
  const warnings = needsIdentity(role) ? [IDENTITY_WARNING] : []
  if (wantsLease) warnings.push(sent.no_store ? NO_STORE_WARNING : LEASE_WARNING)
  return { role, warnings }
}

function isOid(text: string): boolean {
  try {
    return decodeOid(Buffer.from(encodeOid(text))) === text
  } catch {
    return false
  }
}

const WRONG = 'cn_validations value incorrect: '

function commonNameChecks(names: readonly string[]): readonly string[] {
  if (names.length === 0) return ['email', 'hostname']
  const kinds = names.map((name) => name.toLowerCase())
  for (const [at, kind] of kinds.entries()) {
    if (kind !== 'disabled' && kind !== 'email' && kind !== 'hostname')
      throw badRequest(`${WRONG}unknown type: \`${names[at]}\``)
    if (kinds.indexOf(kind) !== at) throw badRequest(`${WRONG}\`${kind}\` specified multiple times`)
  }
  if (kinds.includes('disabled') && kinds.length > 1)
    throw badRequest(`${WRONG}cannot specify \`disabled\` along with \`email\` or \`hostname\``)
  return kinds
}
