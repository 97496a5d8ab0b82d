// What -output-curl-string and -output-policy print, and how addresses become requests.
import { describe, expect, it } from 'vitest'
import { encodeQuery, parseAddress, requestPath } from './address.ts'
import { curlFor, policyFor } from './previews.ts'

const tls = {
  caCert: '',
  caBytes: '',
  caPath: '',
  clientCert: '',
  clientKey: '',
  serverName: '',
  skipVerify: false,
}

describe('curlFor', () => {
  it('quotes for a shell and leaves the token out', () => {
    const request = {
      method: 'PUT',
      url: 'http://h/v1/x',
      headers: { 'X-Vault-Token': 'hvs.secret', 'X-Vault-Namespace': 'a/' },
      body: `{"a":"it's"}`,
    }
    expect(curlFor(request, { ...tls, skipVerify: true, caCert: 'ca.pem' }, 'vault')).toBe(
      `curl --insecure -X PUT --cacert 'ca.pem' -H "X-Vault-Token: $(vault print token)" ` +
        `-H "X-Vault-Namespace: a/" -d '{"a":"it'"'"'s"}' "http://h/v1/x"`,
    )
  })
})

describe('policyFor', () => {
  it.each([
    ['GET', '/v1/secret/data/a%20b', 'path "secret/data/a b" {\n  capabilities = ["read"]\n}'],
    ['GET', '/v1/x?list=true', 'path "x" {\n  capabilities = ["list"]\n}'],
    ['GET', '/v1/x?scan=true', 'path "x" {\n  capabilities = ["scan"]\n}'],
    ['PUT', '/v1/sys/seal', 'path "sys/seal" {\n  capabilities = ["create", "update", "sudo"]\n}'],
    ['PATCH', '/v1/x', 'path "x" {\n  capabilities = ["patch"]\n}'],
    ['DELETE', '/v1/sys/audit/f', 'path "sys/audit/f" {\n  capabilities = ["delete", "sudo"]\n}'],
  ])('%s %s', (method, target, policy) => {
    expect(policyFor(method, target)).toBe(policy)
  })
})

describe('addresses', () => {
  it('reads schemes, prefixes and sockets', () => {
    expect(parseAddress('https://[::1]:8200/vault/')).toMatchObject({
      hostname: '::1',
      port: '8200',
      prefix: '/vault',
    })
    expect(parseAddress('unix:///run/s.sock').socketPath).toBe('/run/s.sock')
    expect(parseAddress('https://h').port).toBe('443')
    for (const bad of ['foo', 'localhost:8200', '127.0.0.1:8200', 'ftp://h']) {
      expect(() => parseAddress(bad)).toThrow(/is no address/)
    }
  })

  it('cleans and encodes paths as Go does', () => {
    expect(requestPath('', 'secret//a/./b/')).toBe('/v1/secret/a/b')
    expect(requestPath('/p', 'a b/ü(1)*%?#')).toBe('/p/v1/a%20b/%C3%BC%281%29%2A%25%3F%23')
    expect(requestPath('', 'a:b@c=d&e$f,g;h+i')).toBe('/v1/a:b@c=d&e$f,g;h+i')
  })

  it('sorts query parameters', () => {
    const query = new Map([
      ['b', ['2', '1']],
      ['a', ['x y&']],
    ])
    expect(encodeQuery(query)).toBe('?a=x+y%26&b=2&b=1')
    expect(encodeQuery(new Map())).toBe('')
  })
})
