// Verification of HMACs and CMACs, for the verify endpoint.
import { badRequest } from '../../base/errors.ts'
import { equalSecrets } from '../../crypto/timing.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { type BatchRun, runBatch } from './batch-run.ts'
import { NO_KEY } from './encrypt-rows.ts'
import { chosenHash, type HashAlgorithm } from './hash-algorithms.ts'
import { decodeBase64 } from './input-base64.ts'
import { checkName } from './key-name.ts'
import { type LoadedKey, useKey } from './loaded-key.ts'
import { cmac, existingVersion, hmac, hmacKeyOf } from './mac.ts'
import { macLength } from './mac-rows.ts'

const PREFIX = 'vault:v'

export interface MacItem {
  readonly input?: string
  readonly hmac?: string
  readonly cmac?: string
}

export interface MacOptions {
  readonly name: string
  readonly urlalgorithm?: string
  readonly hash_algorithm: string | undefined
  readonly algorithm: string | undefined
  readonly mac_length: number | undefined
}

/** Throws 400 where the request as a whole is wrong. */
export async function verifyMacs(
  ctx: RequestContext,
  of: MacOptions,
  items: readonly MacItem[],
  kind: 'hmac' | 'cmac',
): Promise<BatchRun<boolean>> {
  const run = await useKey(ctx, checkName(of.name), (key) => {
    const algorithm =
      kind === 'cmac' ? null : chosenHash(of.urlalgorithm, of.hash_algorithm, of.algorithm)
    if (algorithm?.openssl === '') throw badRequest('invalid hash algorithm "none"')
    if (kind === 'cmac' && key.type.kind !== 'cmac')
      throw badRequest(`key type ${key.type.name} does not support CMAC`)
    const bytes = kind === 'cmac' ? macLength(of.mac_length) : 0
    return runBatch(ctx, items, (item) => verifyMac(ctx, key, item, algorithm, bytes))
  })
  if (run === null) throw badRequest(NO_KEY)
  return run
}

/** `algorithm` null: CMAC. */
async function verifyMac(
  ctx: RequestContext,
  key: LoadedKey,
  item: MacItem,
  algorithm: HashAlgorithm | null,
  macBytes: number,
): Promise<boolean> {
  if (item.input === undefined) throw badRequest('missing input')
  const input = decodeBase64(item.input, 'unable to decode input as base64: ')
  const word = algorithm === null ? 'CMAC' : 'HMAC'
  const { number, mac } = splitMac((algorithm === null ? item.cmac : item.hmac)!, word)
  const { latestVersion, minDecryptionVersion } = key.record
  if (number > latestVersion) throw badRequest(`invalid ${word}: version is too new`)
  if (number < minDecryptionVersion)
    throw badRequest(`cannot verify ${word}: version is too old (disallowed by policy)`)
  const version = await existingVersion(ctx, key, number)
  const expected =
    algorithm === null
      ? cmac(key.type.cipher, version.secret!, input).subarray(0, macBytes)
      : hmac(hmacKeyOf(version), algorithm, input)
  return equalSecrets(expected, mac)
}

function splitMac(text: string, word: string): { number: number; mac: Buffer } {
  if (!text.startsWith(PREFIX)) throw badRequest(`invalid ${word} to verify: no prefix`)
  const colon = text.indexOf(':', PREFIX.length)
  if (colon < 0) throw badRequest(`invalid ${word}: wrong number of fields`)
  const number = text.slice(PREFIX.length, colon)
  if (!/^[+-]?\d{1,15}$/.test(number))
    throw badRequest(`invalid ${word}: version number could not be decoded`)
  const mac = decodeBase64(
    text.slice(colon + 1),
    `unable to decode verification ${word} as base64: `,
  )
  return { number: Number(number), mac }
}
