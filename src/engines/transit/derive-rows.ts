// derive-key: a symmetric key from the ECDH agreement of an EC key of the mount with another party's public
// key (SP 800-56A), through HKDF-SHA256 without salt and info. A name that is there gets a new version.
import { createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'
import { badRequest } from '../../base/errors.ts'
import { integer, string } from '../../schema/field.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { checkName, nameParam } from './key-name.ts'
import { newKeyRecord } from './key-record.ts'
import { newKeyId } from './key-store.ts'
import { findKeyType, type KeyType } from './key-types.ts'
import { useKey } from './loaded-key.ts'
import { type KeyParts, versionAround } from './make-key.ts'
import { addVersion, readRecord } from './rotate-key.ts'
import { wipeVersion } from './version-entry.ts'

const { write } = endpoints()

export const deriveRows = [
  write('derive-key/:name', {
    about: 'Makes a symmetric key from an EC key and the public key of another party.',
    params: nameParam,
    input: {
      key_derivation_algorithm: string('ecdh.', { default: 'ecdh' }),
      peer_public_key: string('PEM of the other party’s EC public key.'),
      base_key_name: string('The EC key of this mount.', { default: '' }),
      base_key_version: integer('Its version; 0: the latest.', { default: 0 }),
      derived_key_type: string('Type of the new key.', { default: 'aes256-gcm96' }),
    },
    handle: async (ctx, { name, ...input }) => {
      checkName(name)
      if (input.key_derivation_algorithm !== 'ecdh')
        throw badRequest(`key derivation algorithm ${input.key_derivation_algorithm} not supported`)
      if (!input.peer_public_key) throw badRequest('peer public key not provided')
      const type = findKeyType(input.derived_key_type.toLowerCase())
      if (type?.kind !== 'aead') throw badRequest(`unknown key type ${input.derived_key_type}`)
      const key = await agreeOn(ctx, type, {
        name: input.base_key_name,
        version: input.base_key_version,
        peer: input.peer_public_key,
      })
      await addDerived(ctx, name, type, { key, publicKey: '' })
      return { empty: true }
    },
  }),
]

async function addDerived(
  ctx: RequestContext,
  name: string,
  type: KeyType,
  parts: KeyParts,
): Promise<void> {
  const fresh = newKeyRecord({ id: newKeyId(ctx), name, type, imported: true })
  const version = versionAround(fresh, parts, ctx.random, ctx.clock.now())
  try {
    await ctx.storage.transaction(async (tx) => {
      const record = (await readRecord(tx, name)) ?? fresh
      if (record.type !== type.name)
        throw badRequest(`error importing key: key ${name} is of type ${record.type}`)
      if (record.softDeleted) throw badRequest('refusing to use soft-deleted key')
      if (record.convergent)
        throw badRequest('error importing key: not possible with convergent encryption enabled')
      addVersion(tx, record, version)
    })
  } finally {
    wipeVersion(version)
  }
}

interface Agreement {
  readonly name: string
  readonly version: number
  readonly peer: string
}

async function agreeOn(ctx: RequestContext, type: KeyType, of: Agreement): Promise<Buffer> {
  const secret = await useKey(ctx, of.name, async (base) => {
    if (!base.type.agrees)
      throw badRequest(`base key type ${base.type.name} does not support key agreement`)
    if (base.record.softDeleted) throw badRequest('refusing to use soft-deleted key')
    const { latestVersion, minAvailableVersion } = base.record
    if (of.version < 0) throw badRequest('requested version of the base key is negative')
    if (of.version > latestVersion)
      throw badRequest('requested version of the base key is higher than the latest key version')
    const number = of.version || latestVersion
    if (number < minAvailableVersion)
      throw badRequest(
        'requested version of the base key is less than the minimum available key version',
      )
    const version = await base.version(ctx.storage, number)
    if (!version.privateKey)
      throw badRequest('requested version of the base key does not contain a private part')
    const publicKey = peerKey(of.peer)
    if (publicKey.asymmetricKeyType !== 'ec')
      throw badRequest('supplied peer public key is not an ECDSA key')
    if (publicKey.asymmetricKeyDetails?.namedCurve !== base.type.curve)
      throw badRequest(
        `base private key type ${base.type.name} does not match peer public key curve`,
      )
    return diffieHellman({ privateKey: version.privateKey, publicKey })
  })
  if (secret === null) throw badRequest('specified base key not found')
  const derived = Buffer.from(
    hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.alloc(0), type.keyBytes),
  )
  secret.fill(0)
  return derived
}

function peerKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw badRequest('failed to parse supplied peer public key PEM: not a public key', { cause })
  }
}
