// Lists that a caller puts together, signed by an issuer: resign-crls joins lists of that issuer (of several
// clusters), sign-revocation-list takes the entries and extensions as they are given. Nothing is stored.
import { parseDurationSeconds } from '../../base/duration.ts'
import { ApiError, badRequest } from '../../base/errors.ts'
import type { Json } from '../../base/json.ts'
import { MAX_INPUT_WARNINGS, MAX_JOINED_LISTS } from '../../base/limits.ts'
import { nextTurn } from '../../base/tick.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { isSignedBy } from '../../crypto/x509/certificate.ts'
import { authorityKeyIdExtension } from '../../crypto/x509/certificate-extensions.ts'
import { buildCrl, type Crl, CrlEntries, parseCrl, readRevoked } from '../../crypto/x509/crl.ts'
import { crlNumberExtension, deltaIndicatorExtension } from '../../crypto/x509/crl-extensions.ts'
import { PEM, parsePem, toPem } from '../../crypto/x509/pem.ts'
import { sha1KeyId } from '../../crypto/x509/public-key.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'
import { integer, json, list, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { revocationSigner } from './crl-build.ts'
import {
  assertEntryCount,
  ENTRIES_PER_TURN,
  givenEntries,
  givenExtensions,
} from './crl-signing-input.ts'
import { assertUsable, type IssuingCa, issuingCas } from './issuing-ca.ts'

const { write } = endpoints()

const params = {
  issuer_ref: string('Issuer: "default", an id or a name.', { required: true }),
}
const common = {
  crl_number: integer('Number of the list.', { default: 0 }),
  delta_crl_base_number: integer('Number of the list that it extends; -1: it is complete.', {
    default: -1,
  }),
  format: string('pem or der (in base64).', { default: 'pem' }),
  next_update: string('How long the list is valid, a duration.', { default: '72h' }),
}
const output = { crl: string('The list.') }

export const crlSigningRows = [
  write('issuer/:issuer_ref/resign-crls', {
    about: 'Joins revocation lists of an issuer into one and signs it.',
    params,
    input: { ...common, crls: list('Revocation lists in PEM.', { default: [] }) },
    output,
    handle: (ctx, sent) => resign(ctx, sent.issuer_ref, sent.crls, settingsOf(sent)),
  }),
  write('issuer/:issuer_ref/sign-revocation-list', {
    about: 'Signs a revocation list of the given entries.',
    params,
    input: {
      ...common,
      extensions: json('Extensions of the list: objects of id, critical and value (base64).'),
      revoked_certs: json('Entries: objects of serial_number, revocation_time and extensions.'),
    },
    output,
    handle: (ctx, sent) => signList(ctx, sent.issuer_ref, sent, settingsOf(sent)),
  }),
]

interface Settings {
  readonly number: number
  /** -1: the list is complete. */
  readonly base: number
  readonly isDer: boolean
  readonly validMs: number
}

function settingsOf(sent: {
  readonly crl_number: number
  readonly delta_crl_base_number: number
  readonly format: string
  readonly next_update: string
}): Settings {
  const format = sent.format.toLowerCase()
  if (format !== 'pem' && format !== 'der')
    throw badRequest(`unknown format value of ${sent.format}`)
  const seconds = parseDurationSeconds(sent.next_update)
  if (seconds === null)
    throw badRequest(
      `invalid value for next_update: time: invalid duration ${JSON.stringify(sent.next_update)}`,
    )
  if (seconds <= 0) throw badRequest('next_update parameter must be greater than 0')
  if (sent.crl_number < 0) throw badRequest('crl_number parameter must be 0 or greater')
  if (sent.delta_crl_base_number < -1)
    throw badRequest('delta_crl_base_number parameter must be -1 or greater')
  return {
    number: sent.crl_number,
    base: sent.delta_crl_base_number,
    isDer: format === 'der',
    validMs: seconds * 1000,
  }
}

async function resign(
  ctx: RequestContext,
  ref: string,
  texts: readonly string[],
  settings: Settings,
): Promise<Answer> {
  if (texts.length > MAX_JOINED_LISTS)
    throw badRequest(`at most ${MAX_JOINED_LISTS} lists are joined into one`)
  const crls = texts.map(crlOr400)
  return withSigner(ctx, ref, async (ca) => {
    for (const [at, crl] of crls.entries()) {
      if (
        !crl.issuer.der.equals(ca.certificate.subject.der) ||
        !isSignedBy(crl, ca.certificate.publicKey)
      )
        throw badRequest(`CRL index: ${at} was not signed by requested issuer`)
    }
    const { revokedAt, warnings } = await joined(crls)
    const entries = new CrlEntries()
    for (const [hex, atMs] of revokedAt) entries.add(Buffer.from(hex, 'hex'), atMs)
    return { data: { crl: await signed(ctx, ca, entries, [], settings) }, warnings }
  })
}

function crlOr400(text: string, at: number): Crl {
  try {
    const blocks = parsePem(text)
    if (blocks.length !== 1) throw new X509Error('invalid crl; should be one PEM block only')
    return parseCrl(blocks[0]!.der)
  } catch (error) {
    if (error instanceof X509Error) throw badRequest(`failed decoding crl ${at}: ${error.message}`)
    throw error
  }
}

/** Serial numbers in hex with the oldest time that any list gives. */
async function joined(
  crls: readonly Crl[],
): Promise<{ revokedAt: ReadonlyMap<string, number>; warnings: readonly string[] }> {
  const revokedAt = new Map<string, number>()
  const warnings: string[] = []
  let count = 0
  let conflicts = 0
  for (const crl of crls) {
    for (const { serial, revokedAtMs } of entriesOr400(crl)) {
      assertEntryCount(++count)
      if (count % ENTRIES_PER_TURN === 0) await nextTurn()
      const hex = serial.toString('hex')
      const known = revokedAt.get(hex)
      if (known === revokedAtMs) continue
      if (known !== undefined && ++conflicts <= MAX_INPUT_WARNINGS)
        warnings.push(
          `Duplicate serial ${serialText(serial)} with different revocation times detected, using oldest revocation time`,
        )
      revokedAt.set(hex, Math.min(known ?? revokedAtMs, revokedAtMs))
    }
  }
  const unsaid = conflicts - warnings.length
  if (unsaid > 0) warnings.push(`The same is so of ${unsaid} more serials`)
  return { revokedAt, warnings }
}

function* entriesOr400(crl: Crl): ReturnType<typeof readRevoked> {
  try {
    yield* readRevoked(crl.revoked)
  } catch (error) {
    if (error instanceof X509Error) throw badRequest(`failed decoding crl: ${error.message}`)
    throw error
  }
}

async function signList(
  ctx: RequestContext,
  ref: string,
  sent: { readonly revoked_certs: Json | undefined; readonly extensions: Json | undefined },
  settings: Settings,
): Promise<Answer> {
  const given = await givenEntries(sent.revoked_certs)
  const extensions = givenExtensions(sent.extensions)
  return withSigner(ctx, ref, async (ca) => {
    const entries = new CrlEntries()
    for (const [at, one] of given.entries()) {
      if (at % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn()
      entries.add(one.serial, one.revokedAtMs, one.extensions)
    }
    return { data: { crl: await signed(ctx, ca, entries, extensions, settings) } }
  })
}

async function signed(
  ctx: RequestContext,
  ca: IssuingCa,
  entries: CrlEntries,
  extensions: readonly Uint8Array[],
  settings: Settings,
): Promise<string> {
  const thisUpdateMs = ctx.clock.now()
  const all = [
    authorityKeyIdExtension(ca.certificate.subjectKeyId ?? sha1KeyId(ca.certificate.publicKey)),
    crlNumberExtension(settings.number),
    ...extensions,
    ...(settings.base >= 0 ? [deltaIndicatorExtension(settings.base)] : []),
  ]
  const nextUpdateMs = thisUpdateMs + settings.validMs
  const issuer = ca.certificate.subject.der
  try {
    const parts = { issuer, thisUpdateMs, nextUpdateMs, extensions: all }
    const der = await buildCrl(parts, entries, revocationSigner(ca))
    return settings.isDer ? der.toString('base64') : `${toPem(PEM.crl, der)}\n`
  } catch (error) {
    if (error instanceof X509Error) throw badRequest(`error creating new CRL: ${error.message}`)
    throw error
  }
}

/** Throws 400 where the reference leads nowhere or that issuer may not sign lists. */
async function withSigner(
  ctx: RequestContext,
  ref: string,
  body: (ca: IssuingCa) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ctx.use(issuingCas, ref, async (ca) => {
      assertUsable(ca, 'crl-signing')
      return body(ca)
    })
  } catch (error) {
    if (error instanceof ApiError && error.message.startsWith('unable to find PKI issuer'))
      throw badRequest(`failed to resolve issuer issuer_ref: ${error.message}`)
    throw error
  }
}
