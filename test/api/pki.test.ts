// PKI through the whole request pipeline: a hierarchy over two mounts, what certificates hold, forms of answers,
// several issuers and their chains, import, leases, and requests that try to get more than they should.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { parseCertificate } from '../../src/crypto/x509/certificate.ts'
import {
  basicConstraintsExtension,
  keyUsageExtension,
} from '../../src/crypto/x509/certificate-extensions.ts'
import { KEY_USAGE, OID } from '../../src/crypto/x509/oids.ts'
import { call, fresh } from '../support/api-steps.ts'
import type { InProcess } from '../support/in-process.ts'
import { rawExtension, testRequest } from '../support/pki-requests.ts'
import { allServerKinds } from '../support/server-kinds.ts'

let server: InProcess
let mount: string

const post = async (path: string, body: unknown = {}) =>
  (await call(server, 200, 'POST', `${mount}/${path}`, body)).body
const get = async (path: string) => (await call(server, 200, 'GET', `${mount}/${path}`)).body.data
const refused = async (path: string, body: unknown): Promise<string> =>
  (await call(server, 400, 'POST', `${mount}/${path}`, body)).body.errors[0]

const patch = async (path: string, body: unknown) => {
  const options = { contentType: 'application/merge-patch+json' }
  return (await call(server, 200, 'PATCH', `${mount}/${path}`, body, options)).body.data
}

const read = (pem: string) => parseCertificate(new X509Certificate(pem).raw)

async function newMount(): Promise<string> {
  const path = fresh('pki')
  await call(server, 204, 'POST', `sys/mounts/${path}`, {
    type: 'pki',
    config: { max_lease_ttl: '87600h' },
  })
  return path
}

const newRoot = async (fields: Readonly<Record<string, unknown>> = {}) =>
  (
    await post('root/generate/internal', {
      common_name: 'Root',
      key_type: 'ec',
      ttl: '10000h',
      ...fields,
    })
  ).data

const openRole = { allow_any_name: true, key_type: 'ec', ttl: '1h' }

describe.each(allServerKinds)('PKI on $kind', ({ start }) => {
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())
  beforeEach(async () => {
    mount = await newMount()
  })

  it('issues below an intermediate that the root of another mount has signed', async () => {
    const root = await newRoot()
    const rootMount = mount
    mount = await newMount()
    const { csr } = (
      await post('intermediate/generate/internal', { common_name: 'Between', key_type: 'ec' })
    ).data
    const intermediateMount = mount
    mount = rootMount
    const signed = (await post('root/sign-intermediate', { csr, ttl: '5000h' })).data
    expect(signed.ca_chain).toEqual([signed.certificate, root.certificate])
    mount = intermediateMount
    const bundle = [signed.certificate, root.certificate].join('\n')
    const imported = (await post('intermediate/set-signed', { certificate: bundle })).data
    expect(imported.imported_issuers).toHaveLength(2)
    expect(Object.values(imported.mapping).filter((key) => key !== '')).toHaveLength(1)
    await post('roles/web', { ...openRole, allowed_domains: 'example.com' })
    const leaf = (await post('issue/web', { common_name: 'a.example.com' })).data
    expect(leaf.issuing_ca).toBe(signed.certificate)
    expect(leaf.ca_chain).toEqual([signed.certificate, root.certificate])
    const certificate = new X509Certificate(leaf.certificate)
    expect(certificate.verify(new X509Certificate(signed.certificate).publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(createPrivateKey(leaf.private_key))).toBe(true)
    expect(leaf.expiration - leaf.not_before).toBe(3630)
    const short = (
      await post('issue/web', { common_name: 'a.example.com', remove_roots_from_chain: true })
    ).data
    expect(short.ca_chain).toEqual([signed.certificate])
  })

  it('answers in every form', async () => {
    const root = await newRoot()
    await post('roles/r', openRole)
    const asDer = (await post('issue/r', { common_name: 'a.com', format: 'der' })).data
    const der = Buffer.from(asDer.certificate, 'base64')
    expect(new X509Certificate(der).subject).toBe('CN=a.com')
    const key = { key: Buffer.from(asDer.private_key, 'base64'), format: 'der', type: 'sec1' }
    expect(createPrivateKey(key as never).asymmetricKeyType).toBe('ec')
    const bundle = (await post('issue/r', { common_name: 'a.com', format: 'pem_bundle' })).data
    expect(bundle.certificate.match(/-----BEGIN [A-Z ]+-----/g)).toEqual([
      '-----BEGIN EC PRIVATE KEY-----',
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----',
    ])
    const pkcs8 = (await post('issue/r', { common_name: 'a.com', private_key_format: 'pkcs8' }))
      .data
    expect(pkcs8.private_key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(pkcs8.private_key_type).toBe('ec')
    const { text } = await server.bytes(`${mount}/issuer/default/pem`, { token: null })
    expect(text).toBe(`${root.certificate}\n`)
    const json = await call(server, 200, 'GET', `${mount}/issuer/default/json`, undefined, {
      token: null,
    })
    expect(json.body.data.ca_chain).toEqual([`${root.certificate}\n`])
  })

  it('tells who has the certificate already', async () => {
    await newRoot()
    const at = (since: string) =>
      server.call('GET', `${mount}/issuer/default/der`, undefined, {
        token: null,
        headers: { 'if-modified-since': since },
      })
    expect((await at('Fri, 01 Jan 2100 00:00:00 GMT')).status).toBe(304)
    expect((await at('Fri, 01 Jan 2021 00:00:00 GMT')).status).toBe(200)
    expect((await at('no date')).status).toBe(200)
  })

  it('keeps a CSR from getting more than its role allows', async () => {
    await newRoot()
    await post('roles/r', { ...openRole, allowed_domains: 'example.com' })
    const forged = await testRequest({ commonName: 'a.example.com' }, [
      basicConstraintsExtension(true),
      keyUsageExtension(KEY_USAGE.CertSign | KEY_USAGE.CRLSign),
      rawExtension(OID.authorityKeyId, Buffer.from('30048002aabb', 'hex')),
    ])
    const signed = await post('sign/r', { csr: forged.pem })
    const leaf = read(signed.data.certificate)
    expect(leaf.isCa).toBe(false)
    expect(leaf.keyUsage & KEY_USAGE.CertSign).toBe(0)
    expect(signed.warnings).toContain(
      'specified CSR contained a Basic Constraints extension that was ignored during issuance',
    )
    const answer = await post('sign-verbatim', { csr: forged.pem, common_name: 'other.test' })
    expect(answer.warnings).toContain(
      'the common_name field was provided but the role is set with "use_csr_common_name" set to true',
    )
    const verbatim = read(answer.data.certificate)
    expect(verbatim.isCa).toBe(false)
    const issuer = read((await get('issuer/default')).certificate)
    expect(verbatim.authorityKeyId).toEqual(issuer.subjectKeyId)
  })

  it('refuses requests that are broken, forged or endless, and stores nothing of them', async () => {
    await newRoot()
    await post('roles/r', openRole)
    const before = (await server.call('LIST', `${mount}/certs`)).body.data
    const good = await testRequest({ commonName: 'a.com' })
    const der = Buffer.from(good.pem.replaceAll(/-----[^\n]*|\n/g, ''), 'base64')
    const asPem = (bytes: Buffer): string =>
      `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
    for (let at = 0; at < der.length; at += 3) {
      const changed = Buffer.from(der)
      changed[at] = changed[at]! ^ 0x21
      await refused('sign/r', { csr: asPem(changed) })
      await refused('sign-verbatim', { csr: asPem(changed) })
      await refused('root/sign-intermediate', { csr: asPem(changed) })
    }
    await refused('sign/r', { csr: asPem(der.subarray(0, -1)) })
    const broken = await testRequest({ commonName: 'a.com' }, [
      rawExtension(OID.subjectAltName, Buffer.from('3003820561', 'hex')),
    ])
    expect(await refused('sign/r', { csr: broken.pem })).toMatch(/could not be parsed/)
    const names = Array.from({ length: 1001 }, (_, at) => `n${at}.com`)
    expect(await refused('issue/r', { common_name: 'a.com', alt_names: names })).toBe(
      'a certificate takes at most 1000 names',
    )
    const uris = Array.from({ length: 1001 }, (_, at) => `http://${at}`)
    await refused('issue/r', { common_name: 'a.com', uri_sans: uris })
    expect((await server.call('LIST', `${mount}/certs`)).body.data).toEqual(before)
  })

  it('constrains the names of a CA', async () => {
    const root = await newRoot({
      permitted_dns_domains: 'example.com,.example.org',
      excluded_dns_domains: 'bad.example.com',
      permitted_ip_ranges: '10.0.0.0/8',
      excluded_email_addresses: 'root@example.com',
      permitted_uri_domains: 'example.com',
      max_path_length: 1,
    })
    const { nameConstraints, basicConstraints } = read(root.certificate)
    expect(nameConstraints).toMatchObject({
      permittedDnsDomains: ['example.com', '.example.org'],
      excludedDnsDomains: ['bad.example.com'],
      permittedIpRanges: ['10.0.0.0/8'],
      excludedEmailAddresses: ['root@example.com'],
      permittedUriDomains: ['example.com'],
    })
    expect(basicConstraints).toEqual({ isCa: true, maxPathLength: 1 })
    expect(await refused('root/generate/internal', { permitted_ip_ranges: 'x' })).toMatch(/IP/)
    const { pem } = await testRequest({ commonName: 'Below' })
    const below = await post('root/sign-intermediate', { csr: pem, ttl: '10h' })
    expect(read(below.data.certificate).basicConstraints?.maxPathLength).toBe(0)
    expect(below.warnings.join()).toMatch(/path length of the signed certificate is zero/)
  })

  it('treats what outlives its issuer as the issuer says', async () => {
    await newRoot({ ttl: '10h', issuer_name: 'root' })
    await post('roles/long', { ...openRole, ttl: '100h' })
    const wanted = { common_name: 'a.com' }
    expect(await refused('issue/long', wanted)).toMatch(/beyond the expiration of the CA/)
    await patch('issuer/root', { leaf_not_after_behavior: 'truncate' })
    const cut = (await post('issue/long', wanted)).data
    expect(cut.expiration * 1000).toBe(read(cut.issuing_ca).notAfterMs)
    await patch('issuer/root', { leaf_not_after_behavior: 'permit' })
    const beyond = (await post('issue/long', wanted)).data
    expect(beyond.expiration).toBeGreaterThan(cut.expiration)
  })

  it('does what was asked for where the original leaves it out', async () => {
    await newRoot({ key_bits: 384, ext_key_usage_oids: '1.3.6.1.5.5.7.3.17', issuer_name: 'root' })
    const issuer = read((await get('issuer/root')).certificate)
    expect(issuer.extKeyUsages).toEqual(['1.3.6.1.5.5.7.3.17'])
    await post('roles/r', { ...openRole, key_type: 'any' })
    const { pem } = await testRequest({ commonName: 'a.com' })
    const from = new Date(systemClock.now() - 3600_000).toISOString()
    const signed = read((await post('sign/r', { csr: pem, not_before: from })).data.certificate)
    expect(signed.notBeforeMs).toBe(Math.floor(Date.parse(from) / 1000) * 1000)
    expect(signed.signatureAlgorithm?.name).toBe('ECDSAWithSHA384')
    const urls = {
      issuer_name: 'root',
      crl_distribution_points: '{{cluster_path}}/crl',
      delta_crl_distribution_points: 'http://a.com/delta',
      enable_aia_url_templating: true,
    }
    const written = (await post('issuer/root', urls)).data
    expect(written.delta_crl_distribution_points).toEqual(['http://a.com/delta'])
    const plain = { enable_aia_url_templating: false, crl_distribution_points: 'http://a.com/crl' }
    expect((await patch('issuer/root', plain)).enable_aia_url_templating).toBe(false)
    await post('keys/generate/internal', { key_type: 'ec', key_name: 'taken' })
    await post('keys/generate/internal', { key_type: 'ec', key_name: 'other' })
    expect(await refused('key/other', { key_name: 'taken' })).toBe('key name already in use')
  })

  it('keeps in a patch what it does not name, and sets it back in a write', async () => {
    await newRoot({ issuer_name: 'root' })
    const usage = ['read-only', 'issuing-certificates']
    await patch('issuer/root', { usage, leaf_not_after_behavior: 'permit' })
    const patched = await patch('issuer/root', { ocsp_servers: 'http://a.com/ocsp' })
    expect(patched).toMatchObject({
      issuer_name: 'root',
      leaf_not_after_behavior: 'permit',
      ocsp_servers: ['http://a.com/ocsp'],
      usage: 'issuing-certificates,read-only',
    })
    const written = (await post('issuer/root')).data
    expect(written).toMatchObject({
      issuer_name: '',
      leaf_not_after_behavior: 'err',
      ocsp_servers: [],
      usage: 'crl-signing,issuing-certificates,ocsp-signing,read-only',
    })
  })

  it('says in words what is not there: keys of devices, identity, a zone of an address', async () => {
    const outside = 'keys in outside devices or services (kms, managed keys) are not supported'
    for (const path of ['root/generate/kms', 'intermediate/generate/kms', 'keys/generate/kms'])
      expect(await refused(path, { common_name: 'a' }), path).toBe(outside)
    const role = { allowed_domains: '{{identity.entity.name}}.a.com', allow_bare_domains: true }
    const flags = { allowed_domains_template: true, enforce_hostnames: false, key_type: 'ec' }
    await newRoot()
    const { warnings } = await post('roles/templated', { ...role, ...flags })
    expect(warnings[0]).toContain('need identity, which is not there yet')
    const literal = { common_name: '{{identity.entity.name}}.a.com' }
    expect(await refused('issue/templated', literal)).toContain('not allowed by this role')
    await post('roles/r', openRole)
    expect(await refused('issue/r', { common_name: 'a', ip_sans: 'fe80::1%eth0' })).toBe(
      'the value "fe80::1%eth0" is not a valid IP address',
    )
    const label = 'x'.repeat(64)
    expect(await refused('issue/r', { common_name: `${label}.a.com` })).toBe(
      `idna: invalid label "${label}"`,
    )
  })

  it('takes no address that has no place in a certificate', async () => {
    for (const url of ['http://a.com/ü', 'http://a b.com/', 'a.com', 'http://'])
      expect(await refused('config/urls', { issuing_certificates: url }), url).toContain(
        'invalid URL found in Authority Information Access',
      )
  })

  it('takes policies with qualifiers, in the bounds of the standard', async () => {
    const qualified = '[{"oid":"1.2.3","cps":"http://a.com","notice":"n"},{"oid":"1.2.4"}]'
    const role = (await post('roles/p', { ...openRole, policy_identifiers: qualified })).data
    expect(role.policy_identifiers).toEqual([
      '{"oid":"1.2.3","cps":"http://a.com","notice":"n"}',
      '{"oid":"1.2.4"}',
    ])
    for (const wrong of [
      'x',
      '1',
      '[{"oid":"x"}]',
      `[{"oid":"1.2.3","notice":"${'n'.repeat(201)}"}]`,
      '1.2.3,1.2.3',
      '[{"oid":"1.2.3","cps":"http://a"},{"oid":"1.2.3"}]',
    ])
      await refused('roles/p', { ...openRole, policy_identifiers: wrong })
    await newRoot()
    const leaf = read((await post('issue/p', { common_name: 'a.com' })).data.certificate)
    expect(leaf.policies).toEqual(['1.2.3', '1.2.4'])
  })

  it('fills in templates of addresses when it signs', async () => {
    const root = await newRoot({ issuer_name: 'root' })
    await post('roles/r', openRole)
    await post('config/urls', {
      enable_templating: true,
      issuing_certificates: '{{cluster_aia_path}}/issuer/{{issuer_id}}/der',
      ocsp_servers: '{{cluster_path}}/ocsp',
    })
    expect(await refused('issue/r', { common_name: 'a.com' })).toBe(
      'error fetching CA certificate: unable to fetch AIA URL information: unable to template AIA URLs as we lack local cluster address information (aia_path)',
    )
    await post('config/cluster', { path: 'http://a.com/v1/pki', aia_path: 'http://cdn.com/pki' })
    const leaf = read((await post('issue/r', { common_name: 'a.com' })).data.certificate)
    expect(leaf.issuingUrls).toEqual([`http://cdn.com/pki/issuer/${root.issuer_id}/der`])
    expect(leaf.ocspServers).toEqual(['http://a.com/v1/pki/ocsp'])
    const made = await post('root/generate/internal', { common_name: 'Other', key_type: 'ec' })
    expect(made.warnings.join()).toMatch(/This AIA configuration has been ignored/)
  })
})
