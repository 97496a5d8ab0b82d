// Certificates by serial number and the CA's own, for everybody: in JSON, in DER and in PEM; and the lists of
// what is stored and what is revoked. The raw paths have no errors: what isn't there is 204, as in Vault.
import { ApiError, notFound } from '../../base/errors.ts'
import { setOwn } from '../../base/json.ts'
import { MAX_BATCH_KEYS } from '../../base/limits.ts'
import { parseCertificate } from '../../crypto/x509/certificate.ts'
import { commonNameOf, nameText } from '../../crypto/x509/names.ts'
import { PEM, toPem } from '../../crypto/x509/pem.ts'
import { integer, object, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import { goTime } from './go-time.ts'
import { notModified } from './if-modified.ts'
import { type IssuingCa, issuingCas } from './issuing-ca.ts'
import { rawAnswer } from './revocation-answers.ts'
import {
  CERT_PREFIX,
  certKey,
  decodeIssued,
  isSerialText,
  REVOKED_PREFIX,
  readCertificate,
  readRevocation,
  serialOf,
} from './revocation-store.ts'

const { read, list } = endpoints()

const open = { auth: 'none', effects: false } as const
const serial = string('Serial number: "aa:bb:…" or "aa-bb-…".', { required: true })
const DER = 'application/pkix-cert'
const CHAIN = 'application/pem-certificate-chain'
const certificateOutput = {
  certificate: string('The certificate in PEM.'),
  revocation_time: integer('When it was revoked, seconds since 1970; 0: it is not.'),
  revocation_time_rfc3339: string('The same as text.'),
}

const rawRows = [
  { path: 'ca', form: 'der' },
  { path: 'ca/pem', form: 'pem' },
  { path: 'cert/ca/raw', form: 'der' },
  { path: 'cert/ca/raw/pem', form: 'pem' },
] as const

export const revocationFetchRows = [
  ...rawRows.map(({ path, form }) =>
    read(path, {
      about: `Answers the default issuer's certificate in ${form.toUpperCase()}.`,
      ...open,
      handle: (ctx) =>
        rawCa(ctx, form === 'der' ? DER : CHAIN, ({ certificate, certificatePem }) =>
          form === 'der' ? certificate.der : certificatePem,
        ),
    }),
  ),
  read('ca_chain', {
    about: "Answers the default issuer's chain in PEM.",
    ...open,
    handle: (ctx) => rawCa(ctx, DER, ({ chainPem }) => chainPem.join('\n')),
  }),
  read('cert/ca', {
    about: "Shows the default issuer's certificate.",
    ...open,
    output: certificateOutput,
    handle: async (ctx) => ({
      data: unrevoked(await ctx.use(issuingCas, 'default', async (ca) => ca.certificatePem)),
    }),
  }),
  read('cert/ca_chain', {
    about: "Shows the default issuer's chain.",
    ...open,
    output: { ca_chain: string('The chain in PEM.'), ...certificateOutput },
    handle: async (ctx) => {
      const chain = await ctx.use(issuingCas, 'default', async (ca) => ca.chainPem.join('\n'))
      return { data: { ca_chain: chain, ...unrevoked(chain) } }
    },
  }),
  read('cert/:serial', {
    about: 'Shows a certificate and whether it is revoked.',
    ...open,
    params: { serial },
    output: { ...certificateOutput, issuer_id: string('The issuer of a revoked certificate.') },
    handle: (ctx, values) => showCertificate(ctx, values.serial),
  }),
  read('cert/:serial/raw', {
    about: 'Answers a certificate in DER.',
    ...open,
    params: { serial },
    handle: async (ctx, values) => rawAnswer(DER, await derOf(ctx, values.serial)),
  }),
  read('cert/:serial/raw/pem', {
    about: 'Answers a certificate in PEM.',
    ...open,
    params: { serial },
    handle: async (ctx, values) => {
      const der = await derOf(ctx, values.serial)
      return rawAnswer(CHAIN, der && toPem(PEM.certificate, der))
    },
  }),
  list('certs', {
    about: 'Lists the serial numbers of the certificates that are stored.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, page) => keysAnswer(await serials(ctx, CERT_PREFIX, page)),
  }),
  list('certs/revoked', {
    about: 'Lists the serial numbers of the certificates that are revoked.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, page) => keysAnswer(await serials(ctx, REVOKED_PREFIX, page)),
  }),
  list('certs/detailed', {
    about: 'Lists the certificates that are stored with what stands in them.',
    effects: false,
    input: pageInput,
    output: { ...keysOutput, key_info: object('What stands in each, by its serial number.') },
    handle: async (ctx, page) => detailed(ctx, await serials(ctx, CERT_PREFIX, page)),
  }),
]

/** 204 where there is no default issuer. */
async function rawCa(
  ctx: RequestContext,
  contentType: string,
  bodyOf: (ca: IssuingCa) => Buffer | string,
): Promise<Answer> {
  try {
    return await ctx.use(
      issuingCas,
      'default',
      async (ca) => notModified(ctx, ca.record.changedAtMs) ?? rawAnswer(contentType, bodyOf(ca)),
    )
  } catch (error) {
    if (error instanceof ApiError && error.status === 400) return rawAnswer(contentType, null)
    throw error
  }
}

const unrevoked = (certificate: string) => ({
  certificate,
  revocation_time: 0,
  revocation_time_rfc3339: '',
})

async function derOf(ctx: RequestContext, text: string): Promise<Buffer | null> {
  if (!isSerialText(text)) throw notFound('unsupported path')
  return (await readCertificate(ctx.storage, serialOf(text)))?.der ?? null
}

async function showCertificate(ctx: RequestContext, text: string): Promise<Answer> {
  const der = await derOf(ctx, text)
  if (der === null) return { empty: true }
  const shown = unrevoked(toPem(PEM.certificate, der))
  const revocation = await readRevocation(ctx.storage, serialOf(text))
  if (revocation === null) return { data: shown }
  return {
    data: {
      certificate: shown.certificate,
      ...(revocation.issuerId === '' ? undefined : { issuer_id: revocation.issuerId }),
      revocation_time: Math.floor(revocation.revokedAtMs / 1000),
      revocation_time_rfc3339: goTime(revocation.revokedAtMs),
    },
  }
}

interface PageOf {
  readonly after: string | undefined
  readonly limit: number | undefined
}

const serials = (ctx: RequestContext, prefix: string, page: PageOf): Promise<readonly string[]> =>
  listNames(ctx.storage, prefix, {
    limit: page.limit,
    after: page.after === undefined ? undefined : serialOf(page.after),
  })

const MAX_DETAILED_NAMES = 5

async function detailed(ctx: RequestContext, names: readonly string[]): Promise<Answer> {
  if (names.length === 0) return { empty: true }
  const info: Record<string, unknown> = {}
  for (let at = 0; at < names.length; at += MAX_BATCH_KEYS) {
    const some = names.slice(at, at + MAX_BATCH_KEYS)
    const entries = await ctx.storage.read(some.map(certKey))
    for (const name of some) {
      const entry = entries.get(certKey(name))
      if (entry) setOwn(info, name, details(decodeIssued(entry.bytes()).der))
    }
  }
  return { data: { key_info: info, keys: names } }
}

function details(der: Buffer): Readonly<Record<string, unknown>> {
  const certificate = parseCertificate(der)
  const { type, bits } = certificate.publicKey
  const { dnsNames } = certificate.altNames
  return {
    common_name: commonNameOf(certificate.subject),
    dns_names: dnsNames.length === 0 ? null : dnsNames.slice(0, MAX_DETAILED_NAMES),
    issuer: nameText(certificate.issuer),
    key_bits: type === 'ed25519' ? 256 : bits,
    key_type: type ?? 'unknown',
    not_after: goTime(certificate.notAfterMs),
    not_before: goTime(certificate.notBeforeMs),
  }
}
