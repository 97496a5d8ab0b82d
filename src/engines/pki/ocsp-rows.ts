// OCSP (RFC 6960, RFC 5019) for everybody: the status of certificates of this mount's issuers, signed by them.
// Answers are always OCSP's own, errors too.
import { ApiError } from '../../base/errors.ts'
import { MAX_OCSP_REQUEST_BYTES } from '../../base/limits.ts'
import { serialText } from '../../crypto/x509/build-certificate.ts'
import { HASH_ALGORITHMS } from '../../crypto/x509/key-algorithms.ts'
import {
  type CertificateId,
  type OcspRequest,
  parseOcspRequest,
} from '../../crypto/x509/ocsp-request.ts'
import {
  buildOcspResponse,
  type CertificateStatus,
  isOfIssuer,
  issuerHashes,
  OCSP_ERROR,
} from '../../crypto/x509/ocsp-response.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { resourceKind } from '../../sdk/resource.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { type Directory, readDirectory } from './authority.ts'
import { revocationSigner } from './crl-build.ts'
import { type CrlConfig, durationMs, readCrlConfig } from './crl-config.ts'
import { readIssuer } from './issuer-record.ts'
import { certificateOf, type IssuingCa, issuingCas } from './issuing-ca.ts'
import { type Revocation, readRevocation, revokedKey } from './revocation-store.ts'

const { read, write } = endpoints()

const open = { auth: 'none', effects: false } as const

export const ocspRows = [
  read('ocsp/*req', {
    about: 'Answers an OCSP request that stands in the path in base64.',
    ...open,
    encoded: true,
    params: { req: string('OCSP request in base64.') },
    handle: (ctx, { req }) => answer(ctx, decodedPath(req)),
  }),
  write('ocsp', {
    about: 'Answers an OCSP request.',
    ...open,
    body: 'bytes',
    maxBodyBytes: MAX_OCSP_REQUEST_BYTES,
    handle: (ctx) => answer(ctx, Buffer.isBuffer(ctx.body) ? ctx.body : null),
  }),
]

/** null: no base64. */
function decodedPath(text: string): Buffer | null {
  if (text.length > MAX_OCSP_REQUEST_BYTES || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null
  return text.length % 4 === 0 ? Buffer.from(text, 'base64') : null
}

const raw = (status: number, body: Buffer): Answer => ({
  raw: { status, headers: ['Content-Type', 'application/ocsp-response'], body },
})
const unauthorized = raw(401, OCSP_ERROR.unauthorized)
const malformed = raw(400, OCSP_ERROR.malformed)

async function answer(ctx: RequestContext, der: Buffer | null): Promise<Answer> {
  const config = await readCrlConfig(ctx.storage)
  if (config.ocsp_disable) return unauthorized
  const request = der && parsed(der)
  if (request === null) return malformed
  try {
    return await signedAnswer(ctx, config, request)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) {
      ctx.log.debug('OCSP request failed', { err: error })
      return raw(500, OCSP_ERROR.internal)
    }
    return unauthorized
  }
}

function parsed(der: Buffer): OcspRequest | null {
  try {
    const request = parseOcspRequest(der)
    return request.certificates.every(({ hash }) => hash !== null) ? request : null
  } catch (error) {
    if (error instanceof X509Error) return null
    throw error
  }
}

async function signedAnswer(
  ctx: RequestContext,
  config: CrlConfig,
  request: OcspRequest,
): Promise<Answer> {
  const signer = await signerFor(ctx, request.certificates[0]!)
  if (signer === null) return unauthorized
  return ctx.use(issuingCas, signer, async (ca) => {
    const nowMs = ctx.clock.now()
    const expiryMs = durationMs(config.ocsp_expiry)
    const nextUpdateMs = expiryMs > 0 ? nowMs + expiryMs : null
    const revocations = await readRevocations(ctx, request.certificates)
    const responses = request.certificates.map((id, at) => ({
      id,
      is: statusOf(ca, id, revocations[at] ?? null),
      thisUpdateMs: nowMs,
      nextUpdateMs,
    }))
    const parts = {
      responder: ca.certificate.subject.der,
      producedAtMs: nowMs,
      responses,
      nonce: request.nonce,
    }
    // Clients of Go's library can't verify RSA-PSS here, so lists alone are signed with it.
    return raw(200, await buildOcspResponse(parts, revocationSigner(ca, false)))
  })
}

interface OcspIssuers {
  readonly directory: Directory
  /** Ids of issuers with a key, by what a request calls them; made when somebody first asks. */
  byHash: Promise<ReadonlyMap<string, readonly string[]>> | null
}

/** Requests name an issuer by hashes: this way each finds it without looking at every issuer. */
const ocspIssuers = resourceKind<OcspIssuers>('ocsp-issuers', {
  idleMs: 5 * 60_000,
  build: async (mount) => ({ directory: await readDirectory(mount.storage), byHash: null }),
  dispose: async () => {},
})

/** Made once, whoever asks meanwhile; a failure is not kept. */
function issuersByHash(
  ctx: RequestContext,
  known: OcspIssuers,
): NonNullable<OcspIssuers['byHash']> {
  if (known.byHash) return known.byHash
  const making = hashesOf(ctx.storage, known.directory)
  known.byHash = making
  making.catch(() => {
    known.byHash = null
  })
  return making
}

const hashName = (hash: string, name: Buffer, key: Buffer): string =>
  `${hash} ${name.toString('base64')} ${key.toString('base64')}`

async function hashesOf(
  storage: ReadStorage,
  directory: Directory,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const byHash = new Map<string, string[]>()
  for (const { id, keyId } of directory.issuers) {
    const record = keyId === '' ? null : await readIssuer(storage, id)
    if (record === null) continue
    const certificate = certificateOf(record)
    for (const hash of Object.keys(HASH_ALGORITHMS)) {
      const { nameHash, keyHash } = issuerHashes(certificate, hash)
      const name = hashName(hash, nameHash, keyHash)
      byHash.set(name, [...(byHash.get(name) ?? []), id])
    }
  }
  return byHash
}

function statusOf(
  ca: IssuingCa,
  id: CertificateId,
  revocation: Revocation | null,
): CertificateStatus {
  if (!isOfIssuer(id, ca.certificate)) return { status: 'unknown' }
  if (revocation === null) return { status: 'good' }
  return { status: 'revoked', revokedAtMs: revocation.revokedAtMs }
}

async function readRevocations(
  ctx: RequestContext,
  ids: readonly CertificateId[],
): Promise<readonly (Revocation | null)[]> {
  if (ids.length === 1) return [await readRevocation(ctx.storage, serialText(ids[0]!.serial))]
  const keys = ids.map(({ serial }) => revokedKey(serialText(serial)))
  const entries = await ctx.storage.read([...new Set(keys)])
  return keys.map((key) => entries.get(key)?.json<Revocation>() ?? null)
}

/**
 * Who signs: the issuer that the request means; the default one, saying "unknown", where it is none of the
 * mount's; null where that issuer may not sign OCSP.
 */
async function signerFor(ctx: RequestContext, id: CertificateId): Promise<string | null> {
  const { meant, fallback } = await ctx.use(ocspIssuers, '', async (known) => {
    const { defaultIssuer, issuers } = known.directory
    const byHash = await issuersByHash(ctx, known)
    return {
      meant: byHash.get(hashName(id.hash!, id.issuerNameHash, id.issuerKeyHash)) ?? [],
      fallback: issuers.filter((issuer) => issuer.id === defaultIssuer && issuer.keyId !== ''),
    }
  })
  for (const issuer of meant.length > 0 ? meant : fallback.map(({ id: one }) => one)) {
    if ((await readIssuer(ctx.storage, issuer))?.usages.includes('ocsp-signing')) return issuer
  }
  return null
}
