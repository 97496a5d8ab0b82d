// Every kind of certificate and list of revoked ones that the engine makes, before strict readers: zlint finds no
// error of its lints for RFC 5280, OpenSSL verifies each one up to its root, and reads the lists and OCSP.
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/api-steps.ts'
import { type CliServer, startCliServer } from '../support/cli-server.ts'
import type { InProcess } from '../support/in-process.ts'
import { requireProgram, runProgram } from '../support/live-program.ts'
import { testRequest } from '../support/pki-requests.ts'
import { buildZlint, lintFiles, ZLINT_BUILD_MS } from '../support/zlint.ts'

const ROOTS = [
  { name: 'p256', key_type: 'ec', key_bits: 256 },
  { name: 'p384', key_type: 'ec', key_bits: 384 },
  { name: 'p521', key_type: 'ec', key_bits: 521 },
  { name: 'rsa', key_type: 'rsa', key_bits: 2048 },
  { name: 'pss', key_type: 'rsa', key_bits: 2048, use_pss: true, signature_bits: 384 },
  { name: 'ed25519', key_type: 'ed25519' },
] as const

const URLS = {
  issuing_certificates: 'http://pki.example.com/ca',
  crl_distribution_points: 'http://pki.example.com/crl,http://cdn.example.com/crl',
  delta_crl_distribution_points: 'http://pki.example.com/delta',
  ocsp_servers: 'http://ocsp.example.com',
}

interface Kept {
  readonly file: string
  readonly pem: string
}

let cli: CliServer
let server: InProcess
let folder: string
let zlint: string
const kept: Kept[] = []

const post = async (path: string, body: unknown) =>
  (await call(server, 200, 'POST', path, body)).body.data

/** Keeps the certificate for the linter; the path of its PEM. */
function keep(name: string, pem: string): string {
  const file = join(folder, `${name}.crt`)
  writeFileSync(file, new X509Certificate(pem).raw)
  writeFileSync(join(folder, `${name}.pem`), `${pem}\n`)
  kept.push({ file, pem })
  return join(folder, `${name}.pem`)
}

/** OpenSSL must accept the chain from leaf to root. */
async function verified(leaf: string, root: string, between: readonly string[] = []) {
  const untrusted = between.flatMap((path) => ['-untrusted', path])
  const args = ['verify', '-x509_strict', '-CAfile', root, ...untrusted, leaf]
  const { code, output } = await runProgram('openssl', args, { timeoutMs: 20_000 })
  expect(code, output).toBe(0)
}

beforeAll(async () => {
  await requireProgram('openssl', ['version'], 'install OpenSSL 3 (apt-get install openssl)')
  zlint = await buildZlint()
  folder = mkdtempSync(join(tmpdir(), 'strongroom-lint-'))
  cli = await startCliServer()
  server = cli.server
}, ZLINT_BUILD_MS + 30_000)
afterAll(async () => {
  await cli?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

async function hierarchy(of: (typeof ROOTS)[number]): Promise<void> {
  const { name, ...key } = of
  const pss = 'use_pss' in of ? { use_pss: true, signature_bits: of.signature_bits } : {}
  await call(server, 204, 'POST', `sys/mounts/${name}`, {
    type: 'pki',
    config: { max_lease_ttl: '87600h' },
  })
  await post(`${name}/config/urls`, URLS)
  const subject = { organization: 'Example', country: 'DE', ou: ['b', 'a'] }
  const root = await post(`${name}/root/generate/internal`, {
    ...key,
    ...subject,
    common_name: `Root ${name}`,
    ttl: '80000h',
    not_before_duration: '1h',
    exclude_cn_from_sans: true,
  })
  const rootPath = keep(`${name}-root`, root.certificate)
  const { csr } = await post(`${name}/intermediate/generate/internal`, {
    common_name: `Between ${name}`,
    key_type: 'ec',
  })
  const between = await post(`${name}/root/sign-intermediate`, {
    ...pss,
    csr,
    common_name: `Between ${name}`,
    exclude_cn_from_sans: true,
    ttl: '40000h',
    max_path_length: 0,
    permitted_dns_domains: 'example.com,xn--mller-kva.de',
    permitted_ip_ranges: '10.0.0.0/8,2001:db8::/32',
    excluded_dns_domains: 'bad.example.com',
    excluded_ip_ranges: '10.1.0.0/16',
    permitted_email_addresses: 'example.com',
    permitted_uri_domains: '.example.com',
  })
  const betweenPath = keep(`${name}-between`, between.certificate)
  await verified(betweenPath, rootPath)
  const imported = await post(`${name}/intermediate/set-signed`, {
    certificate: between.certificate,
  })
  const issuer = imported.imported_issuers[0] as string
  await leaves(name, { root: rootPath, between: betweenPath, issuer, pss })
}

async function leaves(
  name: string,
  of: { root: string; between: string; issuer: string; pss: object },
): Promise<void> {
  const base = { allow_any_name: true, ttl: '100h', key_type: 'ec', ...of.pss }
  await post(`${name}/roles/web`, base)
  await post(`${name}/roles/rich`, {
    ...base,
    allowed_uri_sans: '*',
    allowed_other_sans: '*',
    allowed_user_ids: '*',
    allowed_serial_numbers: '*',
    organization: 'Example',
    ou: ['Z', 'A'],
    country: 'DE',
    locality: 'Köln',
    province: 'NRW',
    street_address: 'Weg 1',
    postal_code: '50667',
    policy_identifiers:
      '[{"oid":"1.3.6.1.4.1.32473.1.1","cps":"https://example.com/cps"},{"oid":"1.3.6.1.4.1.32473.1.2","notice":"for tests"}]',
    basic_constraints_valid_for_non_ca: true,
    ext_key_usage: 'EmailProtection',
    ext_key_usage_oids: '1.3.6.1.5.5.7.3.17',
    email_protection_flag: true,
  })
  const names = { common_name: 'a.example.com', alt_names: 'b.example.com,*.example.com' }
  const check = async (kind: string, pem: string, chain: readonly string[] = []) =>
    verified(keep(`${name}-${kind}`, pem), of.root, chain)
  await check('web', (await post(`${name}/issue/web`, names)).certificate)
  const rich = {
    ...names,
    alt_names: 'b.example.com,müller.de,me@example.com',
    ip_sans: '10.2.3.4,2001:db8::1',
    uri_sans: 'https://a.example.com/x',
    other_sans: '1.3.6.1.4.1.311.20.2.3;UTF8:me@example.com',
    user_ids: 'u1',
    serial_number: 's1',
  }
  await check('rich', (await post(`${name}/issue/rich`, rich)).certificate)
  const below = await post(`${name}/issuer/${of.issuer}/issue/rich`, {
    ...rich,
    other_sans: '',
    user_ids: '',
  })
  await check('below', below.certificate, [of.between])
  const unnamed = { ...base, require_cn: false }
  await post(`${name}/roles/unnamed`, unnamed)
  const nameless = await post(`${name}/issue/unnamed`, { alt_names: 'b.example.com' })
  await check('unnamed', nameless.certificate)
  const late = { ...names, not_after: '2035-01-01T00:00:00Z', ttl: 0 }
  await check('late', (await post(`${name}/issue/web`, late)).certificate)
  const request = await testRequest({ commonName: 'v.example.com', organization: ['O'] })
  const verbatim = { csr: request.pem, ttl: '10h', ...of.pss }
  await check('verbatim', (await post(`${name}/sign-verbatim`, verbatim)).certificate)
  const signed = await post(`${name}/sign/web`, { csr: request.pem })
  await check('signed', signed.certificate)
  for (const key_type of ['rsa', 'ed25519']) {
    await post(`${name}/roles/${key_type}`, { ...base, key_type })
    const leaf = await post(`${name}/issue/${key_type}`, names)
    await check(`leaf-${key_type}`, leaf.certificate)
  }
}

async function bytes(path: string): Promise<Buffer> {
  const response = await fetch(`${cli.address}/v1/${path}`)
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

/** Keeps the list for the linter; the path of its PEM. */
async function keepList(name: string, path: string): Promise<string> {
  const file = join(folder, `${name}.crl`)
  writeFileSync(file, await bytes(path))
  kept.push({ file, pem: '' })
  const pem = `${file}.pem`
  const args = ['crl', '-inform', 'DER', '-in', file, '-out', pem]
  const { code, output } = await runProgram('openssl', args, { timeoutMs: 20_000 })
  expect(code, output).toBe(0)
  return pem
}

async function lists({ name }: (typeof ROOTS)[number]): Promise<void> {
  const root = join(folder, `${name}-root.pem`)
  await post(`${name}/config/crl`, { auto_rebuild: true, enable_delta: true })
  const issue = async (kind: string) => {
    const made = await post(`${name}/issue/web`, { common_name: `${kind}.example.com` })
    return { serial: made.serial_number, path: keep(`${name}-${kind}`, made.certificate) }
  }
  const first = await issue('first')
  const second = await issue('second')
  const good = await issue('good')
  await post(`${name}/revoke`, { serial_number: first.serial })
  await call(server, 200, 'GET', `${name}/crl/rotate`)
  const complete = await keepList(`${name}-complete`, `${name}/crl`)
  await post(`${name}/revoke`, { serial_number: second.serial })
  await call(server, 200, 'GET', `${name}/crl/rotate-delta`)
  const delta = await keepList(`${name}-delta`, `${name}/crl/delta`)
  const checked = async (path: string, list: readonly string[]) => {
    const files = list.flatMap((file) => ['-CRLfile', file])
    const args = ['verify', '-crl_check', '-CAfile', root, ...files, path]
    return (await runProgram('openssl', args, { timeoutMs: 20_000 })).output
  }
  expect(await checked(first.path, [complete])).toMatch(/certificate revoked/)
  expect(await checked(good.path, [complete])).toMatch(/: OK/)
  const text = ['crl', '-in', delta, '-noout', '-text']
  const shown = (await runProgram('openssl', text, { timeoutMs: 20_000 })).output
  expect(shown).toMatch(/Delta CRL Indicator: critical/)
  expect(shown.toLowerCase()).toContain(second.serial.replaceAll(':', ''))
  const statusOf = async (path: string): Promise<string> => {
    const args = ['ocsp', '-issuer', root, '-cert', path, '-url', `${cli.address}/v1/${name}/ocsp`]
    const checks = ['-CAfile', root, '-verify_other', root]
    return (await runProgram('openssl', [...args, ...checks], { timeoutMs: 20_000 })).output
  }
  for (const [path, status] of [
    [first.path, 'revoked'],
    [second.path, 'revoked'],
    [good.path, 'good'],
  ] as const) {
    const answer = await statusOf(path)
    expect(answer).toContain('Response verify OK')
    expect(answer).toContain(`${path}: ${status}`)
  }
}

describe('what the engine makes', () => {
  it.each(ROOTS)('OpenSSL verifies the chains of a root with $name', hierarchy, 60_000)

  it.each(ROOTS)('OpenSSL reads the lists and OCSP of a root with $name', lists, 60_000)

  it('is cross-signed so that OpenSSL finds both ways', async () => {
    await call(server, 204, 'POST', 'sys/mounts/cross', { type: 'pki' })
    const root = { key_type: 'ec', common_name: 'Cross', exclude_cn_from_sans: true, ttl: '700h' }
    const made = await post('cross/root/generate/internal', root)
    const signed = await post('p256/root/sign-self-issued', { certificate: made.certificate })
    const crossed = keep('cross-signed', signed.certificate)
    keep('cross-root', made.certificate)
    await verified(crossed, join(folder, 'p256-root.pem'))
    await post('cross/roles/web', { allow_any_name: true, key_type: 'ec', ttl: '1h' })
    const leaf = await post('cross/issue/web', { common_name: 'a.example.com' })
    const leafPath = keep('cross-leaf', leaf.certificate)
    await verified(leafPath, join(folder, 'p256-root.pem'), [crossed])
    await verified(leafPath, join(folder, 'cross-root.pem'))
  })

  it('has no error of zlint for RFC 5280', async () => {
    const linted = await lintFiles(
      zlint,
      kept.map(({ file }) => file),
    )
    expect(linted.faults).toEqual([])
    expect(linted.files).toBe(kept.length)
    expect(linted.results).toBeGreaterThan(kept.length * 100)
  }, 130_000)
})
