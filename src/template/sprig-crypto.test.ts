// sprig's passwords, keys and certificates: known vectors, and what other tools can read.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bcryptHash } from './bcrypt.ts'
import { sprigFunctions } from './sprig.ts'
import { parseTemplate } from './template.ts'

const functions = sprigFunctions()
const render = (text: string): string => parseTemplate(text, { functions }).render({})

describe('passwords', () => {
  it('are hashed as in the test vectors of bcrypt', () => {
    const salt = Uint8Array.from({ length: 16 }, (_, i) => [0x10, 0x41, 0x04][i % 3]!)
    expect(bcryptHash(Buffer.from('U*U'), salt, 5)).toBe(
      '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    )
    expect(bcryptHash(Buffer.from(''), salt, 5)).toBe(
      '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy',
    )
  })

  it('are given as htpasswd lines', () => {
    expect(render('{{htpasswd "me" "secret"}}')).toMatch(/^me:\$2a\$10\$[./A-Za-z0-9]{53}$/)
  })
})

describe('keys', () => {
  it.each(['rsa', 'ecdsa', 'ed25519'])(
    'of type %s are read by OpenSSL',
    (type) => {
      const key = createPrivateKey(render(`{{genPrivateKey "${type}"}}`))
      expect(key.asymmetricKeyType).toBe({ rsa: 'rsa', ecdsa: 'ec', ed25519: 'ed25519' }[type])
    },
    60_000,
  )

  it('of type dsa have the old form', () => {
    const pem = render('{{genPrivateKey "dsa"}}')
    expect(createPrivateKey(pem).asymmetricKeyType).toBe('dsa')
    expect(pem).toContain('-----BEGIN DSA PRIVATE KEY-----')
  }, 60_000)
})

describe('certificates', () => {
  it('are signed by their authority', () => {
    const [ca, cert, key] = render(
      '{{$ca := genCA "my-ca" 365}}{{$c := genSignedCert "app" (list "10.0.0.1" "::1") (list "app.example") 30 $ca}}' +
        '{{$ca.Cert}}|{{$c.Cert}}|{{$c.Key}}',
    ).split('|') as [string, string, string]
    const authority = new X509Certificate(ca)
    const leaf = new X509Certificate(cert)
    expect(authority.ca).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.checkIssued(authority)).toBe(true)
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(leaf.subject).toBe('CN=app')
    expect(leaf.checkHost('app.example')).toBe('app.example')
    expect(leaf.checkIP('10.0.0.1')).toBe('10.0.0.1')
    const days = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 86_400_000
    expect(days).toBe(30)
  }, 60_000)

  it('are checked when they are handed in', () => {
    const text =
      '{{$c := genSelfSignedCert "x" nil nil 1}}{{$d := buildCustomCert (b64enc $c.Cert) (b64enc $c.Key)}}{{eq $c.Cert $d.Cert}}'
    expect(render(text)).toBe('true')
    expect(() => render('{{buildCustomCert "!" "eA=="}}')).toThrow(
      'unable to decode base64 certificate',
    )
  }, 60_000)
})
