// transit import and import-version: a key is wrapped here, with the mount's wrapping key, and only then sent.
// API: transit/wrapping_key, transit/keys/NAME/import and import_version.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decodeBase64 } from '../base/base64.ts'
import { systemRandom } from '../base/random.ts'
import { oaepHash, wrapKey } from '../crypto/key-wrap.ts'
import { barePath } from './api-paths.ts'
import type { Client } from './client.ts'
import { type CommandContext, defineCommand, type Family } from './command.ts'
import { parseData } from './data-arguments.ts'
import { attempt, Failure, messageOf } from './failure.ts'

export const transitFamily: Family = {
  name: 'transit',
  synopsis: 'Bring keys to the transit secrets engine',
  about: ['Imports keys that were made elsewhere; they are encrypted before they are sent.'],
  examples: [
    {
      does: 'Import an RSA key, PKCS #8 in base64:',
      run: ['{} transit import transit/keys/from-hsm @key.b64 type=rsa-2048'],
    },
    {
      does: 'A new version of it:',
      run: ['{} transit import-version transit/keys/from-hsm @next.b64'],
    },
  ],
}

const ABOUT_KEY =
  'KEY is base64 (the bytes of a symmetric key, PKCS #8 for other types), "@file" to read it from a file ' +
  'or "-" from standard input, where it is in no shell history and no list of processes. What follows KEY ' +
  'as key=value goes to the server with it.'

const arity = { min: 2, max: null, expected: '2+' }

export const transitImport = defineCommand({
  name: 'transit import',
  synopsis: 'Import a key',
  usage: '[options] PATH KEY [DATA K=V...]',
  about: ['Makes a new key of one that was made elsewhere. PATH is MOUNT/keys/NAME.', ABOUT_KEY],
  examples: [
    {
      does: 'An AES key from a file:',
      run: ['{} transit import transit/keys/app @aes.b64 type=aes256-gcm96 exportable=true'],
    },
  ],
  output: [],
  arity,
  completes: ['paths', 'nothing'],
  run: (context) => importKey(context, 'import'),
})

export const transitImportVersion = defineCommand({
  name: 'transit import-version',
  synopsis: 'Import a new version of an imported key',
  usage: '[options] PATH KEY [DATA K=V...]',
  about: ['Adds a version to a key that was imported. PATH is MOUNT/keys/NAME.', ABOUT_KEY],
  examples: [
    { does: 'From a file:', run: ['{} transit import-version transit/keys/app @aes.b64'] },
  ],
  output: [],
  arity,
  completes: ['paths', 'nothing'],
  run: (context) => importKey(context, 'import_version'),
})

async function importKey(
  { ui, args, input, client }: CommandContext<Record<never, never>>,
  operation: 'import' | 'import_version',
): Promise<number> {
  const [, mount, name] = /^(.+)\/keys\/([^/]+)$/.exec(barePath(args[0]!)) ?? []
  if (mount === undefined)
    throw new Failure(1, 'expected transit path and key name in the form :path:/keys/:name:')
  const data = await parseData(args.slice(2), input, 'Failed to parse extra K=V data')
  const sentHash = data.get('hash_function') ?? 'SHA256'
  const hash = typeof sentHash === 'string' ? oaepHash(sentHash) : undefined
  if (hash === undefined) throw new Failure(1, `unknown hash function: ${String(sentHash)}`)
  const key = await keyBytes(args[1]!, () => input.readAll())
  try {
    const api = await client()
    ui.out('Retrieving wrapping key.')
    const wrappingKey = await fetchWrappingKey(api, mount)
    ui.out('Wrapping source key with ephemeral key.')
    ui.out('Encrypting ephemeral key with wrapping key.')
    const wrapped = wrapKey(wrappingKey, hash, key, systemRandom)
    data.set('ciphertext', wrapped.toString('base64'))
    ui.out('Submitting wrapped key.')
    const path = `${mount}/keys/${name}/${operation}`
    await attempt('failed to call import', () => api.write(path, data), 3)
  } finally {
    key.fill(0)
  }
  ui.out('Success!')
  return 0
}

async function keyBytes(argument: string, readInput: () => Promise<string>): Promise<Buffer> {
  let text = argument
  if (argument === '-') text = await readInput()
  else if (argument.startsWith('@')) {
    try {
      text = readFileSync(argument.slice(1), 'utf8')
    } catch (error) {
      throw new Failure(1, `error reading key material file: ${messageOf(error)}`)
    }
  }
  try {
    return decodeBase64(text)
  } catch (error) {
    throw new Failure(1, `error base64 decoding source key material: ${messageOf(error)}`)
  }
}

async function fetchWrappingKey(api: Client, mount: string): Promise<KeyObject> {
  const failing = 'failed to fetch wrapping key'
  const secret = await attempt(failing, () => api.read(`${mount}/wrapping_key`), 3)
  const pem = secret?.data?.get('public_key')
  if (typeof pem !== 'string') throw new Failure(3, `${failing}: no mount found at ${mount}`)
  try {
    return createPublicKey(pem)
  } catch (error) {
    throw new Failure(3, `${failing}: ${messageOf(error)}`)
  }
}
