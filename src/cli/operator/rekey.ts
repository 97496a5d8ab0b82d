// operator rekey: new key shares from enough of the old ones, perhaps another number of them.
import type { Client } from '../client.ts'
import { formatTable, wrapText } from '../columns.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { type JsonMap, OrderedMap, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, integerFlag, listFlag, stringFlag } from '../flags.ts'
import { formatValue } from '../go-format.ts'
import { outputData } from '../output.ts'
import { numberOf, type Shape, shaped, textOf, textsOf, ZERO } from '../secret.ts'
import { keyShare } from './key-share.ts'

const flags = {
  init: booleanFlag(
    'Start: there is one attempt at a time. -n and -t say how many shares to make.',
  ),
  cancel: booleanFlag('End the attempt and forget the shares that were entered.'),
  status: booleanFlag('Show how far the attempt is.'),
  'key-shares': integerFlag('Into how many shares the key is split.', {
    aliases: ['n'],
    initial: 5,
  }),
  'key-threshold': integerFlag('How many shares are needed.', { aliases: ['t'], initial: 3 }),
  nonce: stringFlag('The nonce of the attempt, to go with a share given as an argument.'),
  target: stringFlag('"barrier" for the unseal key, "recovery" for the recovery key.', {
    initial: 'barrier',
    completes: ['barrier', 'recovery'],
  }),
  verify: booleanFlag(
    'With -init: the new shares count only after enough of them were entered again. With -status, ' +
      '-cancel or a share: this is about that verification.',
  ),
  'pgp-keys': listFlag('Files of public PGP keys to encrypt the shares with.', {
    completes: 'files',
  }),
  backup: booleanFlag('Keep a copy of the PGP-encrypted shares on the server.'),
  'backup-delete': booleanFlag('Delete that copy.'),
  'backup-retrieve': booleanFlag('Show that copy.'),
}
type Context = CommandContext<typeof flags>

const STATUS: Shape = [
  ['complete', undefined],
  ['keys', undefined],
  ['keys_base64', undefined],
  ['nonce', ''],
  ['started', false],
  ['t', ZERO],
  ['n', ZERO],
  ['progress', ZERO],
  ['required', ZERO],
  ['pgp_fingerprints', null],
  ['backup', false],
  ['verification_required', false],
  ['verification_nonce', ''],
]
const VERIFY_STATUS: Shape = [
  ['nonce', ''],
  ['started', false],
  ['t', ZERO],
  ['n', ZERO],
  ['progress', ZERO],
]
const UPDATE: Shape = [
  ['nonce', ''],
  ['complete', false],
  ['keys', null],
  ['keys_base64', null],
  ['pgp_fingerprints', null],
  ['backup', false],
  ['verification_required', false],
  ['verification_nonce', undefined],
]

function pathOf(context: Context): string {
  const target = context.flags.target.trim().toLowerCase()
  if (target === 'barrier') return 'sys/rekey'
  if (target === 'recovery' || target === 'hsm') return 'sys/rekey-recovery-key'
  throw new Failure(1, `Unknown target: ${context.flags.target}`)
}

/** Bare answers hold the members at the top, others inside data. */
function body(answer: JsonMap): JsonMap {
  const data = answer.get('data')
  return data instanceof Map ? data : answer
}

async function readStatus(context: Context, api: Client, isVerify: boolean): Promise<OrderedMap> {
  const path = `${pathOf(context)}/${isVerify ? 'verify' : 'init'}`
  const answer = await attempt('Error reading rekey status', () => api.json('GET', path))
  return shaped(body(answer), isVerify ? VERIFY_STATUS : STATUS)
}

function statusRows(status: JsonMap): string[][] {
  const text = (name: string): string => formatValue(status.get(name))
  const rows = [
    ['Nonce', text('nonce')],
    ['Started', text('started')],
  ]
  if (status.get('started') === true) {
    const isVerifying = text('progress') === text('required')
    const progress = `${text('progress')}/${text('required')}`
    rows.push(['Progress', isVerifying ? `${progress} (verification in progress)` : progress])
    if (numberOf(status, 'n') > 0) rows.push(['New Shares', text('n')])
    if (numberOf(status, 't') > 0) rows.push(['New Threshold', text('t')])
    rows.push(['Verification Required', text('verification_required')])
    const nonce = textOf(status, 'verification_nonce')
    if (nonce !== '') rows.push(['Verification Nonce', nonce])
  }
  const fingerprints = textsOf(status, 'pgp_fingerprints') ?? []
  if (fingerprints.length > 0) {
    rows.push(['PGP Fingerprints', text('pgp_fingerprints')], ['Backup', text('backup')])
  }
  return rows
}

function verifyRows(status: JsonMap): string[][] {
  const text = (name: string): string => formatValue(status.get(name))
  return [
    ['Started', text('started')],
    ['New Shares', text('n')],
    ['New Threshold', text('t')],
    ['Verification Nonce', text('nonce')],
    ['Verification Progress', `${text('progress')}/${text('t')}`],
  ]
}

async function printStatus(context: Context, api: Client, isVerify: boolean): Promise<number> {
  const status = await readStatus(context, api, isVerify)
  if (context.ui.format !== 'table') return outputData(context.ui, status)
  const rows = isVerify ? verifyRows(status) : statusRows(status)
  context.ui.out(formatTable([['Key', 'Value'], ...rows]))
  return 0
}

async function start(context: Context, api: Client): Promise<number> {
  const { ui, flags } = context
  if (context.given.has('pgp-keys')) {
    throw new Failure(1, "-pgp-keys is not supported yet: key shares can't be PGP-encrypted")
  }
  const wanted = toJson({
    secret_shares: flags['key-shares'],
    secret_threshold: flags['key-threshold'],
    backup: flags.backup,
    require_verification: flags.verify,
  })
  const path = `${pathOf(context)}/init`
  const answer = await attempt('Error initializing rekey', () =>
    api.json('PUT', path, { body: wanted }),
  )
  const status = shaped(body(answer), STATUS)
  if (ui.format !== 'table') return outputData(ui, status)
  const warning =
    'WARNING! The new shares are shown once, to whoever enters the last old share. If they are lost, ' +
    'so is the data.'
  ui.warn(wrapText(warning))
  ui.out('')
  ui.out(formatTable([['Key', 'Value'], ...statusRows(status)]))
  return 0
}

async function cancel(context: Context, api: Client): Promise<number> {
  const path = `${pathOf(context)}/${context.flags.verify ? 'verify' : 'init'}`
  await attempt('Error canceling rekey', () => api.request('DELETE', path))
  context.ui.out('Success! Canceled rekeying (if it was started)')
  return 0
}

async function finish(context: Context, api: Client, done: JsonMap, status: JsonMap) {
  const { ui, env } = context
  const keys = textsOf(done, 'keys') ?? []
  const base64 = textsOf(done, 'keys_base64') ?? []
  const shown = base64.length === keys.length ? base64 : keys
  ui.out('')
  shown.forEach((key, at) => {
    ui.out(`Key ${at + 1}: ${key}`)
  })
  ui.out('')
  ui.out(`Operation nonce: ${textOf(done, 'nonce')}`)
  ui.out('')
  const count = formatValue(status.get('n'))
  const threshold = formatValue(status.get('t'))
  const made = `The key is split into ${count} shares, of which ${threshold} are needed.`
  if (status.get('verification_required') !== true) {
    ui.out(wrapText(`${made} Give the shares above to people you trust. The old ones are void.`))
    return 0
  }
  ui.out(
    wrapText(
      `${made} They are not valid yet: enter ${threshold} of them with ` +
        `"${env.calledAs} operator rekey -verify". Until then keep the old shares; they stay valid ` +
        'if the attempt is canceled or the server sealed.',
    ),
  )
  ui.out('')
  return printStatus(context, api, true)
}

async function provide(context: Context, api: Client): Promise<number> {
  const { ui, env, flags } = context
  const status = await readStatus(context, api, flags.verify)
  if (status.get('started') !== true) {
    const advice = `No rekey is in progress. Start one with "${env.calledAs} operator rekey -init".`
    throw new Failure(1, wrapText(advice))
  }
  const isRecovery = flags.target !== 'barrier'
  const share = await keyShare(context, {
    argument: context.args[0] ?? '',
    nonceFlag: flags.nonce,
    currentNonce: textOf(status, 'nonce'),
    kind: isRecovery && !flags.verify ? 'Recovery' : 'Unseal',
    title: 'Rekey operation nonce',
  })
  const path = `${pathOf(context)}/${flags.verify ? 'verify' : 'update'}`
  const answer = body(
    await attempt('Error posting unseal key', () =>
      api.json('PUT', path, { body: toJson(share as { key: string; nonce: string }) }),
    ),
  )
  if (answer.get('complete') !== true) return printStatus(context, api, flags.verify)
  if (flags.verify) {
    ui.out('Rekey verification successful. The new keys are now active.')
    return 0
  }
  const done = shaped(answer, UPDATE)
  if (ui.format !== 'table') return outputData(ui, done)
  return finish(context, api, done, status)
}

async function backup(context: Context, api: Client): Promise<number> {
  const isBarrier = pathOf(context) === 'sys/rekey'
  const path = isBarrier ? 'sys/rekey/backup' : 'sys/rekey/recovery-key-backup'
  if (context.flags['backup-delete']) {
    await attempt('Error deleting rekey backed up keys', () => api.request('DELETE', path))
    context.ui.out('Success! Deleted backed up keys (if they existed)')
    return 0
  }
  const answer = await attempt('Error retrieving rekey backed up keys', () => api.read(path))
  return outputData(context.ui, answer?.data ?? new OrderedMap())
}

export const operatorRekey = defineCommand({
  name: 'operator rekey',
  synopsis: 'Make new key shares',
  usage: '[options] [KEY]',
  about: [
    'Makes new key shares when enough holders of the old ones agree; the number of shares can change. Nothing ' +
      'stops while it goes on.',
    'A share can be given as the argument (with -nonce), on standard input ("-"), or typed on the terminal.',
  ],
  examples: [
    {
      does: 'Start, for 15 shares of which 9 are needed:',
      run: ['{} operator rekey -init -n 15 -t 9'],
    },
    { does: 'Enter a share, each holder in turn:', run: ['{} operator rekey'] },
    { does: 'How far it is:', run: ['{} operator rekey -status'] },
  ],
  flags,
  arity: { min: 0, max: 1 },
  async run(context) {
    const { flags } = context
    const api = await context.client()
    if (flags['backup-delete'] || flags['backup-retrieve']) return backup(context, api)
    if (flags.cancel) return cancel(context, api)
    if (flags.init) return start(context, api)
    if (flags.status) return printStatus(context, api, flags.verify)
    return provide(context, api)
  },
})
