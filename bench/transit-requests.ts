// Transit's requests: each is the same at every turn, since what is encrypted or signed does not change the
// cost. The keys are made by `prepareTransit`, on any server that speaks Vault's API.
import type { ApiClient } from './api-client.ts'

export const transitOperations = [
  'transit-encrypt',
  'transit-decrypt',
  'transit-sign-ed25519',
  'transit-sign-ecdsa',
  'transit-batch',
] as const
export type TransitOperation = (typeof transitOperations)[number]

export const transitTitles: Readonly<Record<TransitOperation, string>> = {
  'transit-encrypt': 'transit encrypt',
  'transit-decrypt': 'transit decrypt',
  'transit-sign-ed25519': 'transit sign Ed25519',
  'transit-sign-ecdsa': 'transit sign P-256',
  'transit-batch': 'transit encrypt, batch of 100',
}

export const isTransit = (operation: string): operation is TransitOperation =>
  (transitOperations as readonly string[]).includes(operation)

const KEYS = { 'bench-aes': 'aes256-gcm96', 'bench-ed': 'ed25519', 'bench-ec': 'ecdsa-p256' }
/** As long as a card number with its owner, or an address. */
const PLAINTEXT = Buffer.from('Zt7-qLw2_hVx9Rk4sBn1Yc6d, 4556-7375-8689-9855').toString('base64')
const BATCH = 100

export interface TransitRequest {
  readonly path: string
  readonly body: string
}

/** `ciphertext` is what `prepareTransit` answered. */
export function transitRequest(operation: TransitOperation, ciphertext: string): TransitRequest {
  switch (operation) {
    case 'transit-encrypt':
      return { path: 'encrypt/bench-aes', body: JSON.stringify({ plaintext: PLAINTEXT }) }
    case 'transit-decrypt':
      return { path: 'decrypt/bench-aes', body: JSON.stringify({ ciphertext }) }
    case 'transit-sign-ed25519':
      return { path: 'sign/bench-ed', body: JSON.stringify({ input: PLAINTEXT }) }
    case 'transit-sign-ecdsa':
      return { path: 'sign/bench-ec', body: JSON.stringify({ input: PLAINTEXT }) }
    case 'transit-batch': {
      const batch_input = Array.from({ length: BATCH }, () => ({ plaintext: PLAINTEXT }))
      return { path: 'encrypt/bench-aes', body: JSON.stringify({ batch_input }) }
    }
  }
}

/** Mounts transit where it is missing and makes the keys; a ciphertext to decrypt. */
export async function prepareTransit(client: ApiClient): Promise<string> {
  await client.call('POST', 'sys/mounts/transit', { type: 'transit' }, [200, 204, 400])
  for (const [name, type] of Object.entries(KEYS))
    await client.call('POST', `transit/keys/${name}`, { type }, [200, 204])
  const { body } = await client.call('POST', 'transit/encrypt/bench-aes', {
    plaintext: PLAINTEXT,
  })
  return (body as { data: { ciphertext: string } }).data.ciphertext
}
