// The TLS side of a listener: certificate, key and client CA read from files, again on reload, and the
// peer of a handshake as a handler sees it. TLS 1.2 is the floor (RFC 8996).
import { constants } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import type { TlsPeer } from './exchange.ts'

export interface TlsFiles {
  /** PEM: the leaf first, then intermediates. */
  readonly certFile: string
  /** PEM. */
  readonly keyFile: string
  /** PEM bundle against which client certificates are checked. */
  readonly clientCaFile?: string
  /**
   * none: don't ask · request: ask, take any or none (a login decides what it is worth) · require: refuse
   * the handshake without one that the client CA signed. Vault's default is request.
   */
  readonly clientCertificate: 'none' | 'request' | 'require'
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL's cipher list for TLS 1.2 and names for 1.3. */
  readonly ciphers?: string
}

/** Reads and proves the files: the key fits the certificate, every PEM parses. Throws in words. */
export async function readTlsFiles(files: TlsFiles): Promise<SecureContextOptions> {
  const [cert, key, ca] = await Promise.all([
    readFile(files.certFile),
    readFile(files.keyFile),
    files.clientCaFile === undefined ? undefined : readFile(files.clientCaFile),
  ])
  const options: SecureContextOptions = {
    cert,
    key,
    minVersion: files.minVersion satisfies SecureVersion,
    // Renegotiation only serves to burn the server's CPU.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(ca === undefined ? {} : { ca }),
    ...(files.maxVersion === undefined ? {} : { maxVersion: files.maxVersion }),
    ...(files.ciphers === undefined ? {} : { ciphers: files.ciphers }),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`TLS certificate ${files.certFile} and key ${files.keyFile}: ${reason}`)
  }
  return options
}

/** What the server itself needs beside the material. */
export function tlsServerOptions(files: TlsFiles, handshakeMs: number): TlsOptions {
  if (files.clientCertificate === 'require' && files.clientCaFile === undefined) {
    throw new Error('client certificates are required but no client CA file is set')
  }
  return {
    requestCert: files.clientCertificate !== 'none',
    rejectUnauthorized: files.clientCertificate === 'require',
    handshakeTimeout: handshakeMs,
    ALPNProtocols: ['http/1.1'],
  }
}

/** The peer of a finished handshake. */
export class SocketTlsPeer implements TlsPeer {
  readonly authorized: boolean
  readonly version: string
  readonly #socket: TLSSocket
  #chain: readonly Buffer[] | null = null

  constructor(socket: TLSSocket) {
    this.#socket = socket
    this.authorized = socket.authorized
    this.version = socket.getProtocol() ?? ''
  }

  peerCertificates(): readonly Buffer[] {
    this.#chain ??= readChain(this.#socket.getPeerCertificate(true))
    return this.#chain
  }
}

function readChain(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = []
  const seen = new Set<DetailedPeerCertificate>()
  // Without a certificate the object is empty; a root is its own issuer.
  let current: DetailedPeerCertificate | undefined = leaf
  while (current?.raw !== undefined && !seen.has(current)) {
    seen.add(current)
    chain.push(current.raw)
    current = current.issuerCertificate
  }
  return chain
}
