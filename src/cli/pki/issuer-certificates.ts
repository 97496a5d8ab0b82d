// Certificates of issuers as the API answers them, parsed, and which of them signed which.
import {
  type Certificate,
  isIssuedBy,
  isSignedBy,
  parseCertificate,
} from '../../crypto/x509/certificate.ts'
import { parsePem } from '../../crypto/x509/pem.ts'
import { barePath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import { textOf, textsOf } from '../secret.ts'

export interface IssuerCertificates {
  readonly certificate: Certificate
  readonly chain: readonly Certificate[]
  /** '' where the answer doesn't say. */
  readonly keyId: string
}

/** Throws what is wrong in words, where there is none at the path or it is no certificate. */
export async function readIssuer(api: Client, path: string): Promise<IssuerCertificates> {
  const answer = await api.read(path)
  if (answer === null) throw new Error('there is nothing at this path')
  const certificate = textOf(answer.data, 'certificate')
  const chain = textsOf(answer.data, 'ca_chain')
  if (certificate === '') throw new Error('the answer holds no field "certificate"')
  if (chain === null) throw new Error('the answer holds no field "ca_chain"')
  return {
    certificate: parseOne(certificate),
    chain: chain.filter((text) => text.trim() !== '').map(parseOne),
    keyId: textOf(answer.data, 'key_id'),
  }
}

function parseOne(text: string): Certificate {
  const [block] = parsePem(text)
  if (!block) throw new Error('invalid PEM block')
  return parseCertificate(block.der)
}

export interface SignMatches {
  readonly key_id_match: boolean
  readonly path_match: boolean
  readonly signature_match: boolean
  readonly subject_match: boolean
  readonly trust_match: boolean
}

/** How a certificate and one that may have signed it fit; `nowMs` is for the times of the trust. */
export function matchesBetween(
  parent: IssuerCertificates,
  child: IssuerCertificates,
  nowMs: number,
): SignMatches {
  const issuer = parent.certificate
  const issued = child.certificate
  const isValid = (one: Certificate): boolean => one.notBeforeMs <= nowMs && nowMs <= one.notAfterMs
  const keyId = issued.authorityKeyId ?? Buffer.alloc(0)
  return {
    key_id_match: keyId.equals(issuer.subjectKeyId ?? Buffer.alloc(0)),
    path_match: child.chain.some((one) => one.der.equals(issuer.der)),
    signature_match: issuer.isCa && isSignedBy(issued, issuer.publicKey),
    subject_match: issuer.subject.der.equals(issued.issuer.der),
    trust_match:
      isValid(issuer) &&
      isValid(issued) &&
      (issued.der.equals(issuer.der) || (issuer.isCa && isIssuedBy(issued, issuer))),
  }
}

/** Paths of the issuers of a mount; by name where `useNames` says so and they have one. */
export async function issuersOf(
  api: Client,
  mount: string,
  useNames: boolean,
): Promise<readonly string[]> {
  const path = barePath(mount)
  const answer = await api.list(`${path}/issuers`)
  const ids = textsOf(answer?.data, 'keys') ?? []
  const paths: string[] = []
  for (const id of ids) {
    const name = useNames ? await nameOf(api, `${path}/issuer/${id}`) : ''
    paths.push(`${path}/issuer/${name || id}`)
  }
  return paths
}

const nameOf = async (api: Client, path: string): Promise<string> =>
  textOf((await api.read(path))?.data, 'issuer_name')
