// operator generate-root: a new root token from enough key shares. The token comes back XORed with a
// one-time password, so that whoever enters the last share does not learn it.
import type { Random } from '../../base/random.ts'
import { systemRandom } from '../../base/random.ts'
import type { Client } from '../client.ts'
import { formatColumns, wrapText } from '../columns.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { type Json, type JsonMap, type OrderedMap, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, stringFlag } from '../flags.ts'
import { formatValue } from '../go-format.ts'
import { outputData, result } from '../output.ts'
import { ResponseError } from '../response-error.ts'
import { membersOf, numberOf, type Shape, shaped, textOf, ZERO } from '../secret.ts'
import { keyShare } from './key-share.ts'

const flags = {
  init: booleanFlag('Start: there is one attempt at a time.'),
  cancel: booleanFlag('End the attempt and forget the shares that were entered.'),
  status: booleanFlag('Show how far the attempt is.'),
  decode: stringFlag('Decode this encoded token with -otp; "-" reads it from standard input.'),
  'generate-otp': booleanFlag('Print a one-time password for -init.'),
  'recovery-token': booleanFlag('Make a recovery token in place of a root token.'),
  otp: stringFlag('The one-time password, for -init and -decode.'),
  'pgp-key': stringFlag('File of a public PGP key to encrypt the token with.', {
    completes: 'files',
  }),
  nonce: stringFlag('The nonce of the attempt, to go with a share given as an argument.'),
}
type Context = CommandContext<typeof flags>

const STATUS: Shape = [
  ['nonce', ''],
  ['started', false],
  ['progress', ZERO],
  ['required', ZERO],
  ['complete', false],
  ['encoded_token', ''],
  ['encoded_root_token', ''],
  ['pgp_fingerprint', ''],
  ['otp', ''],
  ['otp_length', ZERO],
]

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const LARGEST_FAIR_BYTE = 256 - (256 % ALPHABET.length)
/** The length for a server that doesn't say: "hvs." and 24 characters. */
const DEFAULT_OTP_LENGTH = 28

/** Random letters and digits, each as likely as the other. */
export function oneTimePassword(length: number, random: Random): string {
  let out = ''
  while (out.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < LARGEST_FAIR_BYTE && out.length < length) out += ALPHABET[byte % ALPHABET.length]
    }
  }
  return out
}

/** The token that was encoded with a one-time password; null where the lengths differ. */
export function decodeToken(encoded: string, otp: string): string | null {
  const bytes = Buffer.from(encoded.replace(/=+$/, ''), 'base64')
  const pad = Buffer.from(otp)
  if (bytes.length === 0 || bytes.length !== pad.length) return null
  return Buffer.from(bytes.map((byte, at) => byte ^ pad[at]!)).toString()
}

/** The API of one kind of attempt. Some servers have it only under a path that takes a token. */
class Attempt {
  readonly #api: Client
  #path: string
  readonly #otherPath: string | null
  constructor(api: Client, isRecovery: boolean) {
    this.#api = api
    this.#path = isRecovery ? 'sys/generate-recovery-token' : 'sys/generate-root'
    this.#otherPath = isRecovery ? null : 'sys/generate-root-token'
  }
  async #call(method: string, name: string, body?: Json): Promise<JsonMap> {
    try {
      return await this.#api.json(method, `${this.#path}/${name}`, { body })
    } catch (error) {
      const status = error instanceof ResponseError ? error.status : 0
      const other = this.#otherPath
      if (other === null || this.#path === other || (status !== 404 && status !== 405)) throw error
      this.#path = other
      return this.#api.json(method, `${other}/${name}`, { body })
    }
  }
  async status(): Promise<OrderedMap> {
    return attempt('Error getting root generation status', async () =>
      shaped(membersOf(await this.#call('GET', 'attempt')), STATUS),
    )
  }
  async init(otp: string): Promise<OrderedMap> {
    const body = toJson({ otp, pgp_key: '' })
    return attempt('Error initializing root generation', async () =>
      shaped(membersOf(await this.#call('PUT', 'attempt', body)), STATUS),
    )
  }
  async update(key: string, nonce: string): Promise<OrderedMap> {
    const body = toJson({ key, nonce })
    return attempt('Error posting unseal key', async () =>
      shaped(membersOf(await this.#call('PUT', 'update', body)), STATUS),
    )
  }
  async cancel(): Promise<void> {
    // The server ends an attempt for whoever names it (or has sudo), so that nobody ends it by accident.
    const query = new Map([['nonce', [textOf(await this.status(), 'nonce')]]])
    await attempt('Error canceling root token generation', () =>
      this.#api.request('DELETE', `${this.#path}/attempt`, { query }),
    )
  }
}

async function printStatus(context: Context, status: JsonMap): Promise<number> {
  const { ui } = context
  if (ui.format !== 'table') return outputData(ui, status)
  const text = (name: string): string => formatValue(status.get(name))
  const rows = [
    ['Nonce', text('nonce')],
    ['Started', text('started')],
    ['Progress', `${text('progress')}/${text('required')}`],
    ['Complete', text('complete')],
  ]
  if (textOf(status, 'pgp_fingerprint')) rows.push(['PGP Fingerprint', text('pgp_fingerprint')])
  if (textOf(status, 'encoded_token')) rows.push(['Encoded Token', text('encoded_token')])
  else if (textOf(status, 'encoded_root_token')) {
    rows.push(['Encoded Root Token', text('encoded_root_token')])
  }
  if (textOf(status, 'otp')) {
    const notice =
      'The one-time password below was made for you. It is needed to decode the token at the end ' +
      '(-decode with -otp), so keep it safe.'
    ui.warn(wrapText(notice))
    rows.push(['OTP', text('otp')])
  }
  if (numberOf(status, 'otp_length') !== 0) rows.push(['OTP Length', text('otp_length')])
  ui.out(formatColumns(rows))
  return 0
}

async function generateOtp(context: Context, current: Attempt): Promise<number> {
  const status = await current.status()
  const length = numberOf(status, 'otp_length') || DEFAULT_OTP_LENGTH
  const otp = oneTimePassword(length, systemRandom)
  if (context.ui.format === 'table') context.ui.raw(otp)
  else return outputData(context.ui, result({ otp, otp_length: length }))
  return 0
}

async function decode(context: Context): Promise<number> {
  const { ui, flags, input } = context
  if (flags.otp === '') throw new Failure(1, 'Missing otp: use -otp to supply it')
  const encoded = (flags.decode === '-' ? await input.readAll() : flags.decode).trim()
  if (encoded === '') {
    throw new Failure(1, 'Missing encoded value: -decode=- reads it from standard input')
  }
  const token = decodeToken(encoded, flags.otp)
  if (token === null) {
    throw new Failure(
      1,
      'Error decoding root token: the encoded token and the one-time password differ in length',
    )
  }
  if (ui.format === 'table') ui.raw(token)
  else return outputData(ui, result({ token }))
  return 0
}

async function provide(context: Context, current: Attempt): Promise<number> {
  const { ui, env } = context
  const status = await current.status()
  if (status.get('started') !== true) {
    ui.error(
      wrapText(
        'No root generation is in progress. Start one with ' +
          `"${env.calledAs} operator generate-root -init".`,
      ),
    )
    ui.warn(
      wrapText(
        `A one-time password of your own needs ${formatValue(status.get('otp_length'))} characters.`,
      ),
    )
    return 1
  }
  const { key, nonce } = await keyShare(context, {
    argument: context.args[0] ?? '',
    nonceFlag: context.flags.nonce,
    currentNonce: textOf(status, 'nonce'),
    kind: 'Unseal',
    title: 'Operation nonce',
  })
  return printStatus(context, await current.update(key, nonce))
}

export const operatorGenerateRoot = defineCommand({
  name: 'operator generate-root',
  synopsis: 'Make a new root token from key shares',
  usage: '[options] [KEY]',
  about: [
    'Makes a root token when enough holders of key shares agree: one starts with -init, each enters a share, ' +
      'and the one who has the one-time password decodes the token.',
    'A share can be given as the argument (with -nonce), on standard input ("-"), or typed on the terminal.',
  ],
  examples: [
    { does: 'Start; this prints the one-time password:', run: ['{} operator generate-root -init'] },
    { does: 'Enter a share, each holder in turn:', run: ['{} operator generate-root'] },
    { does: 'Decode the token:', run: ['{} operator generate-root -decode=ENCODED -otp=OTP'] },
  ],
  flags,
  arity: { min: 0, max: 1 },
  async run(context) {
    const { flags, ui } = context
    if (flags.decode !== '') return decode(context)
    const api = await context.client()
    const current = new Attempt(api, flags['recovery-token'])
    if (flags['generate-otp']) return generateOtp(context, current)
    if (flags.cancel) {
      await current.cancel()
      ui.out('Success! Root token generation canceled (if it was started)')
      return 0
    }
    if (flags.init) {
      if (flags['pgp-key'] !== '') {
        throw new Failure(1, '-pgp-key is not supported yet: use -otp, or leave both out')
      }
      return printStatus(context, await current.init(flags.otp))
    }
    if (flags.status) return printStatus(context, await current.status())
    return provide(context, current)
  },
})
