// A server certificate for 127.0.0.1 and "db.test" in files that a real server reads, and the authority that
// signed it and a client's.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestAuthority, testAuthority } from './test-authority.ts'

export interface TlsFolder {
  readonly authority: TestAuthority
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
  remove(): void
}

/** Also readable for a server that runs as somebody else. */
export async function tlsFolder(): Promise<TlsFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-tls-'))
  const authority = await testAuthority()
  const own = await authority.sign('db.test', { dnsNames: ['db.test'], ips: ['127.0.0.1'] })
  const write = (name: string, pem: string): string => {
    const path = join(folder, name)
    writeFileSync(path, pem)
    return path
  }
  chmodSync(folder, 0o755)
  return {
    authority,
    caFile: write('ca.pem', authority.certificate),
    certificateFile: write('server.pem', own.certificate),
    keyFile: write('server.key', own.privateKey),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
