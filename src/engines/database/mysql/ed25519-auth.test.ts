// Signatures are those of node:crypto for seeds that it takes (32 bytes); test/live logs in to a MariaDB.
import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { expect, it } from 'vitest'
import { signEd25519 } from './ed25519-auth.ts'

const DER_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

it('signs as node:crypto does', () => {
  for (let round = 0; round < 20; round++) {
    const seed = randomBytes(32)
    const message = randomBytes(32)
    const der = Buffer.concat([DER_HEAD, seed])
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    expect(signEd25519(seed, message)).toEqual(sign(null, message, key))
  }
})
