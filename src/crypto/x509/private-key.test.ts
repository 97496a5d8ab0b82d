import { createPrivateKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePem } from './pem.ts'
import {
  generateKey,
  keyPairOf,
  parsePrivateKeyBlock,
  privateKeyDer,
  privateKeyPem,
} from './private-key.ts'
import { publicKeyOf } from './public-key.ts'
import { signerOf, verifySignature } from './signer.ts'

describe('private keys', () => {
  it.each([
    ['rsa', 2048],
    ['ec', 224],
    ['ec', 256],
    ['ec', 384],
    ['ec', 521],
    ['ed25519', 0],
  ] as const)('%s %d: both forms are what OpenSSL writes, and read back', async (type, bits) => {
    for (let round = 0; round < (type === 'rsa' ? 1 : 6); round++) {
      const pair = await generateKey(type, bits)
      expect(pair.type).toBe(type)
      expect(pair.publicKey).toMatchObject({ type, bits })
      const object = createPrivateKey(pair.pem('pkcs8'))
      expect(object.equals(pair.privateKey)).toBe(true)
      expect(publicKeyOf(object).spki).toEqual(pair.publicKey.spki)
      for (const form of ['pkcs8', 'traditional'] as const) {
        expect(pair.der(form)).toEqual(privateKeyDer(object, form))
        expect(pair.pem(form)).toBe(privateKeyPem(object, form))
        const [block] = parsePem(pair.pem(form))
        expect(parsePrivateKeyBlock(block!).equals(object)).toBe(true)
      }
      const signer = signerOf(object)
      const signed = Buffer.from('signed')
      const signature = await signer.sign(signed)
      const { publicKey: key } = keyPairOf(object)
      expect(verifySignature({ key, algorithm: signer.algorithm, signed, signature })).toBe(true)
    }
  })
})
