// csr and set-certificate: a key's versions as what certificates are about, the private part staying here.
import { badRequest } from '../../base/errors.ts'
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import {
  buildCertificateRequest,
  parseCertificateRequest,
} from '../../crypto/x509/certificate-request.ts'
import { encodeExtension } from '../../crypto/x509/extension.ts'
import { EMPTY_NAME } from '../../crypto/x509/names.ts'
import { PEM, type PemBlock, parsePem, toPem } from '../../crypto/x509/pem.ts'
import { signerOf } from '../../crypto/x509/signer.ts'
import { X509Error } from '../../crypto/x509/x509-error.ts'
import { integer, string } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import type { Tx } from '../../sdk/storage.ts'
import { checkName, nameParam } from './key-name.ts'
import { firstUsable, type KeyRecord, typeOf } from './key-record.ts'
import type { KeyType } from './key-types.ts'
import { privateKeyOf } from './loaded-key.ts'
import { putRecord, readRecord } from './rotate-key.ts'
import { decodeVersion, encodeVersion, hasPrivate, versionPath } from './version-entry.ts'

const { write } = endpoints()

const version = integer('The version; the latest unless given.')

export const certificateRows = [
  write('keys/:name/csr', {
    about: 'A certificate signing request by a key, after a template or empty.',
    effects: false,
    params: nameParam,
    input: {
      version,
      csr: string('PEM of a request whose subject and extensions are taken over.', { default: '' }),
    },
    output: {
      csr: string('PEM of the request.'),
      name: string('Name of the key.'),
      type: string('Type of the key.'),
    },
    handle: async (ctx, { name, version, csr }) => {
      const record = await signingRecord(ctx.storage, name)
      const template = readTemplate(csr)
      const number = version ?? record.latestVersion
      const found = await findVersion(ctx.storage, record, number)
      if (!found) throw badRequest('could not create the csr: no such key version')
      if (!hasPrivate(found))
        throw badRequest(
          'could not create the csr: private key not imported for key version selected',
        )
      const key = privateKeyOf(typeOf(record), found.key)
      const der = await buildCertificateRequest(template, signerOf(key))
      const data = { csr: `${toPem(PEM.request, der)}\n`, name: record.name, type: record.type }
      return { data }
    },
  }),
  write('keys/:name/set-certificate', {
    about: 'Keeps a certificate chain with a version of a key.',
    params: nameParam,
    input: {
      version,
      certificate_chain: string('PEM certificates, that of the key first.', { required: true }),
    },
    output: {
      certificate_chain: string('What was sent.'),
      name: string('Name of the key.'),
      type: string('Type of the key.'),
    },
    handle: async (ctx, { name, version, certificate_chain }) => {
      await setCertificates(ctx, name, version, certificate_chain)
      const { type } = await signingRecord(ctx.storage, name)
      return { data: { certificate_chain, name, type } }
    },
  }),
]

/** The record of a key that signs by itself. Throws 400. */
async function signingRecord(storage: Pick<Tx, 'get'>, name: string): Promise<KeyRecord> {
  const record = await readRecord(storage, checkName(name))
  if (!record) throw badRequest(`key with provided name '${name}' not found`)
  const type = typeOf(record)
  if (!type.signs || type.kind === 'pq')
    throw badRequest(`key type '${type.name}' does not support signing`)
  if (record.derived) throw badRequest('operation not supported for keys with derivation enabled')
  if (record.softDeleted) throw badRequest('refusing to use soft-deleted key')
  return record
}

async function findVersion(storage: Pick<Tx, 'get'>, record: KeyRecord, number: number) {
  if (number < firstUsable(record) || number > record.latestVersion) return null
  const entry = await storage.get(versionPath(record.id, number))
  return entry === null ? null : decodeVersion(entry.bytes())
}

function readTemplate(pem: string): { subject: Uint8Array; extensions: Uint8Array[] } {
  if (pem === '') return { subject: EMPTY_NAME, extensions: [] }
  const [block] = readPem(pem, 'could not decode PEM CSR')
  if (!block) throw badRequest('could not decode PEM CSR')
  return inWords('', () => {
    const { subject, extensions } = parseCertificateRequest(block.der)
    return {
      subject: subject.der,
      extensions: extensions.map((one) => encodeExtension(one.oid, one.critical, one.value)),
    }
  })
}

function readPem(text: string, words: string): readonly PemBlock[] {
  try {
    return parsePem(text)
  } catch (cause) {
    throw badRequest(words, { cause })
  }
}

/** What the parser says of hostile bytes, as a 400. */
function inWords<T>(words: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (!(error instanceof X509Error)) throw error
    throw badRequest(words + error.message)
  }
}

async function setCertificates(
  ctx: RequestContext,
  name: string,
  asked: number | undefined,
  pem: string,
): Promise<void> {
  await ctx.storage.transaction(async (tx) => {
    const record = await signingRecord(tx, name)
    const chain = readChain(pem)
    checkChain(chain)
    const number = asked ?? record.latestVersion
    const found = await findVersion(tx, record, number)
    if (!found) throw failed('no such key version')
    checkLeaf(typeOf(record), found.publicKey, chain[0]!)
    const certificates = chain.map((one) => one.der.toString('base64'))
    tx.put(versionPath(record.id, number), encodeVersion({ ...found, certificates }))
    putRecord(tx, record)
  })
}

const failed = (why: string): Error => badRequest(`failed to persist certificate chain: ${why}`)

function readChain(pem: string): readonly Certificate[] {
  const words = 'could not decode a PEM block in the certificate chain'
  const all = readPem(pem, words)
  if (all.length === 0 && pem.trim() !== '') throw badRequest(words)
  const blocks = all.filter(({ label }) => /^(X509 )?CERTIFICATE$/.test(label))
  if (blocks.length === 0)
    throw badRequest('provided certificate chain did not contain any valid PEM encoded certificate')
  return blocks.map(({ der }) =>
    inWords('could not parse a certificate in the certificate chain: ', () =>
      parseCertificate(der),
    ),
  )
}

/** The key's own certificate first, then authorities only. */
function checkChain(chain: readonly Certificate[]): void {
  if (chain[0]!.isCa)
    throw failed('certificate in the first element is not a valid leaf certificate')
  if (chain.length > 1 && !chain.at(-1)!.isCa)
    throw failed('certificate in the last element is not a valid CA certificate')
  if (chain.slice(1).some((one) => !one.isCa))
    throw failed('could not validate if there is only one leaf certificate in the provided chain')
}

const GO_NAMES: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  ec: 'ECDSA',
  ed25519: 'Ed25519',
}

function checkLeaf(type: KeyType, spki: string, leaf: Certificate): void {
  const mismatch =
    'could not validate key match between leaf certificate key and key entry in transit: '
  if (leaf.publicKey.type !== type.kind)
    throw failed(
      `${mismatch}provided leaf certificate public key algorithm ` +
        `'${GO_NAMES[leaf.publicKey.type ?? ''] ?? leaf.publicKey.type}' does not match the transit key type '${type.name}'`,
    )
  if (!leaf.publicKey.spki.equals(Buffer.from(spki, 'base64')))
    throw failed('leaf certificate public key does not match the selected key version')
}
