// New key shares from enough of the old ones. rekey (which takes no token) and rotate-keys (which takes one) are
// the same steps on different paths: start, enter shares, perhaps verify.
import type { Client } from '../client.ts'
import { formatTable, wrapText } from '../columns.ts'
import type { CommandContext } from '../command.ts'
import { type JsonMap, type OrderedMap, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, integerFlag, listFlag, stringFlag } from '../flags.ts'
import { formatValue } from '../go-format.ts'
import { outputData } from '../output.ts'
import { membersOf, shaped, textOf, textsOf } from '../secret.ts'
import { keyShare } from './key-share.ts'
import { STATUS, statusRows, UPDATE, VERIFY_STATUS, verifyRows } from './rekey-status.ts'

export const shareFlags = {
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

export interface ShareApi {
  /** The last word of the command, for advice. */
  readonly command: string
  /** What the change is called in messages. */
  readonly noun: string
  readonly barrier: string
  readonly recovery: string
  readonly barrierBackup: string
  readonly recoveryBackup: string
  readonly startMethod: 'PUT' | 'POST'
}

/** One run of such a command. */
export class ShareChange {
  readonly #context: CommandContext<typeof shareFlags>
  readonly #api: ShareApi
  readonly #client: Client
  readonly #isRecovery: boolean

  constructor(context: CommandContext<typeof shareFlags>, api: ShareApi, client: Client) {
    const target = context.flags.target.trim().toLowerCase()
    if (!['barrier', 'recovery', 'hsm'].includes(target)) {
      throw new Failure(1, `Unknown target: ${context.flags.target}`)
    }
    this.#context = context
    this.#api = api
    this.#client = client
    this.#isRecovery = target !== 'barrier'
  }

  run(): Promise<number> {
    const { flags } = this.#context
    if (flags['backup-delete'] || flags['backup-retrieve']) return this.#backup()
    if (flags.cancel) return this.#cancel()
    if (flags.init) return this.#start()
    if (flags.status) return this.#printStatus('reading', flags.verify)
    return this.#provide()
  }

  #path(name: string): string {
    return `${this.#isRecovery ? this.#api.recovery : this.#api.barrier}/${name}`
  }

  async #status(doing: string, isVerify: boolean): Promise<OrderedMap> {
    const path = this.#path(isVerify ? 'verify' : 'init')
    const answer = await attempt(`Error ${doing} ${this.#api.noun} status`, () =>
      this.#client.json('GET', path),
    )
    return shaped(membersOf(answer), isVerify ? VERIFY_STATUS : STATUS)
  }

  #show(status: JsonMap, isVerify: boolean): Promise<number> | number {
    const { ui } = this.#context
    if (ui.format !== 'table') return outputData(ui, status)
    const rows = isVerify ? verifyRows(status) : statusRows(status)
    ui.out(formatTable([['Key', 'Value'], ...rows]))
    return 0
  }

  async #printStatus(doing: string, isVerify: boolean): Promise<number> {
    return this.#show(await this.#status(doing, isVerify), isVerify)
  }

  async #start(): Promise<number> {
    const { ui, flags, given } = this.#context
    if (given.has('pgp-keys')) {
      throw new Failure(1, "-pgp-keys is not supported yet: key shares can't be PGP-encrypted")
    }
    const body = toJson({
      secret_shares: flags['key-shares'],
      secret_threshold: flags['key-threshold'],
      backup: flags.backup,
      require_verification: flags.verify,
    })
    const answer = await attempt(`Error initializing ${this.#api.noun}`, () =>
      this.#client.json(this.#api.startMethod, this.#path('init'), { body }),
    )
    const members = membersOf(answer)
    const status = shaped(members, STATUS)
    if (ui.format !== 'table') return outputData(ui, status)
    if (members.get('complete') === true) return this.#finish(members, status)
    const warning =
      'WARNING! The new shares are shown once, to whoever enters the last old share. If they are ' +
      'lost, so is the data.'
    ui.warn(wrapText(warning))
    ui.out('')
    return this.#show(status, false)
  }

  async #cancel(): Promise<number> {
    const path = this.#path(this.#context.flags.verify ? 'verify' : 'init')
    const { noun } = this.#api
    // The server ends an operation for whoever names it (or has sudo), so that nobody ends it by accident.
    const nonce = textOf(await this.#status('getting', this.#context.flags.verify), 'nonce')
    const query = new Map([['nonce', [nonce]]])
    await attempt(`Error canceling ${noun}`, () => this.#client.request('DELETE', path, { query }))
    this.#context.ui.out(
      `Success! Canceled ${noun === 'rekey' ? 'rekeying' : noun} (if it was started)`,
    )
    return 0
  }

  async #provide(): Promise<number> {
    const { ui, env, flags, args } = this.#context
    const { noun, command } = this.#api
    const status = await this.#status('getting', flags.verify)
    if (status.get('started') !== true) {
      const start = `"${env.calledAs} operator ${command} -init"`
      throw new Failure(1, wrapText(`No ${noun} is in progress. Start one with ${start}.`))
    }
    const { key, nonce } = await keyShare(this.#context, {
      argument: args[0] ?? '',
      nonceFlag: flags.nonce,
      currentNonce: textOf(status, 'nonce'),
      kind: this.#isRecovery ? 'Recovery' : 'Unseal',
      title: noun === 'rekey' ? 'Rekey operation nonce' : 'Rotation nonce',
    })
    const path = this.#path(flags.verify ? 'verify' : 'update')
    const body = toJson({ key, nonce })
    const answer = await attempt('Error posting unseal key', () =>
      this.#client.json('PUT', path, { body }),
    )
    const members = membersOf(answer)
    if (members.get('complete') !== true) return this.#printStatus('reading', flags.verify)
    if (flags.verify) {
      ui.out('The new key shares are verified and count from now on.')
      return 0
    }
    const done = shaped(members, UPDATE)
    return ui.format === 'table' ? this.#finish(done, status) : outputData(ui, done)
  }

  async #finish(done: JsonMap, status: JsonMap): Promise<number> {
    const { ui, env } = this.#context
    const keys = textsOf(done, 'keys') ?? []
    const base64 = textsOf(done, 'keys_base64') ?? []
    const shown = base64.length === keys.length ? base64 : keys
    ui.out('')
    shown.forEach((key, at) => {
      ui.out(`Key ${at + 1}: ${key}`)
    })
    if (textOf(done, 'nonce') !== '') ui.out(`\nOperation nonce: ${textOf(done, 'nonce')}`)
    ui.out('')
    const count = formatValue(status.get('n'))
    const threshold = formatValue(status.get('t'))
    const made = `The key is split into ${count} shares, of which ${threshold} are needed.`
    if (status.get('verification_required') !== true) {
      ui.out(wrapText(`${made} Give the shares above to people you trust. The old ones are void.`))
      return 0
    }
    const verify = `"${env.calledAs} operator ${this.#api.command} -verify"`
    ui.out(
      wrapText(
        `${made} They do not count yet: enter ${threshold} of them with ${verify}. Until then keep ` +
          'the old shares; they stay valid if the attempt is canceled or the server sealed.',
      ),
    )
    ui.out('')
    return this.#printStatus('reading', true)
  }

  async #backup(): Promise<number> {
    const { ui, flags } = this.#context
    const path = this.#isRecovery ? this.#api.recoveryBackup : this.#api.barrierBackup
    const { noun } = this.#api
    if (flags['backup-delete']) {
      await attempt(`Error deleting ${noun} backed up keys`, () =>
        this.#client.request('DELETE', path),
      )
      ui.out('Success! Deleted backed up keys (if they existed)')
      return 0
    }
    const answer = await attempt(`Error retrieving ${noun} backed up keys`, async () =>
      membersOf(await this.#client.json('GET', path)),
    )
    return outputData(ui, answer)
  }
}
