// TLS settings of listeners: Vault's words for versions, Go's names for cipher suites.
import { HclError, type HclValue } from './base/hcl.ts'
import { readText, readTexts } from './base/hcl-values.ts'
import { didYouMean } from './base/nearest.ts'

/** As node:tls takes it. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = {
  tls12: 'TLSv1.2',
  tls13: 'TLSv1.3',
}

/** Go's names, which Vault's configuration uses, to OpenSSL's. Suites without forward secrecy are out. */
const CIPHER_SUITES: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
}

export function readTlsVersion(value: HclValue, name: string): TlsVersion {
  const text = readText(value, name)
  if (Object.hasOwn(TLS_VERSIONS, text)) return TLS_VERSIONS[text]!
  throw new HclError(value.at, `"${name}" takes "tls12" or "tls13"`)
}

/** OpenSSL's names of the suites, in the order written. */
export function readCipherSuites(value: HclValue, name: string): string[] {
  return readTexts(value, name, true).map((suite) => {
    if (Object.hasOwn(CIPHER_SUITES, suite)) return CIPHER_SUITES[suite]!
    const hint = didYouMean(suite, Object.keys(CIPHER_SUITES))
    throw new HclError(value.at, `"${name}": unsupported cipher suite "${suite}"${hint}`)
  })
}
