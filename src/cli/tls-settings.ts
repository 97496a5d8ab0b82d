// The TLS side of a connection: which authorities are trusted and which certificate is shown. Without
// settings the system's certificates are trusted, as by other programs on the machine.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'

export interface TlsSettings {
  /** File, text and folder of trusted certificates; '' for none. The first that is set counts. */
  readonly caCert: string
  readonly caBytes: string
  readonly caPath: string
  readonly clientCert: string
  readonly clientKey: string
  readonly serverName: string
  readonly skipVerify: boolean
}

const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

function authorities(settings: TlsSettings): Buffer[] | undefined {
  if (settings.caCert) return [readFileSync(settings.caCert)]
  if (settings.caBytes) return [Buffer.from(settings.caBytes)]
  if (settings.caPath) {
    return readdirSync(settings.caPath, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => readFileSync(join(settings.caPath, entry.name)))
  }
  const bundle = SYSTEM_BUNDLES.find((path) => existsSync(path))
  return bundle === undefined ? undefined : [readFileSync(bundle)]
}

/** The options of node:tls for these settings; throws where a file can't be read or half is missing. */
export function nodeTlsOptions(settings: TlsSettings): ConnectionOptions {
  if ((settings.clientCert === '') !== (settings.clientKey === '')) {
    throw new Error('both client cert and client key must be provided')
  }
  const options: ConnectionOptions = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !settings.skipVerify,
  }
  if (!settings.skipVerify) {
    const ca = authorities(settings)
    if (ca) options.ca = ca
  }
  if (settings.clientCert) {
    options.cert = readFileSync(settings.clientCert)
    options.key = readFileSync(settings.clientKey)
  }
  if (settings.serverName) options.servername = settings.serverName
  return options
}
