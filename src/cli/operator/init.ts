// operator init: a new server gets its keys and its first token.
// API: sys/init. The keys are printed once and stored nowhere.
import type { Client } from '../client.ts'
import { wrapText } from '../columns.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { type Json, type JsonMap, type OrderedMap, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, integerFlag, listFlag, stringFlag } from '../flags.ts'
import { outputData, result } from '../output.ts'
import { textOf, textsOf } from '../secret.ts'

const flags = {
  status: booleanFlag(
    'Only say whether the server is initialised: exit code 0 yes, 2 no, 1 an error.',
  ),
  'key-shares': integerFlag('Into how many key shares the root key is split. The default is 5.', {
    aliases: ['n'],
  }),
  'key-threshold': integerFlag('How many key shares unseal the server. The default is 3.', {
    aliases: ['t'],
  }),
  'pgp-keys': listFlag('Files of public PGP keys to encrypt the key shares with.', {
    completes: 'files',
  }),
  'root-token-pgp-key': stringFlag('File of a public PGP key to encrypt the root token with.', {
    completes: 'files',
  }),
  'recovery-shares': integerFlag('Into how many shares the recovery key is split (auto unseal).', {
    initial: 5,
  }),
  'recovery-threshold': integerFlag('How many recovery key shares are needed (auto unseal).', {
    initial: 3,
  }),
  'recovery-pgp-keys': listFlag('As -pgp-keys, for the recovery key shares.', {
    completes: 'files',
  }),
}

type Context = CommandContext<typeof flags>

async function printStatus(context: Context, api: Client): Promise<number> {
  const { ui } = context
  const answer = await attempt('Error checking init status', () => api.json('GET', 'sys/init'), 1)
  const isReady = answer.get('initialized') === true
  if (ui.format === 'table') {
    ui.out(isReady ? 'Vault is initialized' : 'Vault is not initialized')
  } else await outputData(ui, result({ Initialized: isReady }))
  return isReady ? 0 : 2
}

interface Shares {
  readonly shares: number
  readonly threshold: number
  readonly recoveryShares: number
  readonly recoveryThreshold: number
}

function sharesOf(context: Context, hasRecovery: boolean): Shares {
  const { flags } = context
  if (hasRecovery) {
    return {
      shares: flags['key-shares'],
      threshold: flags['key-threshold'],
      recoveryShares: flags['recovery-shares'],
      recoveryThreshold: flags['recovery-threshold'],
    }
  }
  return {
    shares: flags['key-shares'] || 5,
    threshold: flags['key-threshold'] || 3,
    recoveryShares: 0,
    recoveryThreshold: 0,
  }
}

const listOrNull = (list: readonly string[] | null): Json => (list === null ? null : [...list])

function machineResult(answer: JsonMap, wanted: Shares): OrderedMap {
  const keys = textsOf(answer, 'keys') ?? []
  const isStored = keys.length === 0
  return result({
    unseal_keys_b64: listOrNull(textsOf(answer, 'keys_base64')),
    unseal_keys_hex: listOrNull(textsOf(answer, 'keys')),
    unseal_shares: isStored ? 1 : wanted.shares,
    unseal_threshold: isStored ? 1 : wanted.threshold,
    recovery_keys_b64: listOrNull(textsOf(answer, 'recovery_keys_base64')),
    recovery_keys_hex: listOrNull(textsOf(answer, 'recovery_keys')),
    recovery_keys_shares: wanted.recoveryShares,
    recovery_keys_threshold: wanted.recoveryThreshold,
    root_token: textOf(answer, 'root_token'),
  })
}

function keysFor(answer: JsonMap, name: string): string[] {
  const keys = textsOf(answer, name) ?? []
  const base64 = textsOf(answer, `${name}_base64`) ?? []
  return base64.length === keys.length ? base64 : keys
}

function printKeys(context: Context, answer: JsonMap, wanted: Shares): void {
  const { ui, env } = context
  const keys = keysFor(answer, 'keys')
  const recovery = keysFor(answer, 'recovery_keys')
  keys.forEach((key, at) => {
    ui.out(`Unseal Key ${at + 1}: ${key}`)
  })
  recovery.forEach((key, at) => {
    ui.out(`Recovery Key ${at + 1}: ${key}`)
  })
  ui.out('')
  ui.out(`Initial Root Token: ${textOf(answer, 'root_token')}`)
  ui.out('')
  if (keys.length === 0) ui.out('Success! Vault is initialized')
  else {
    ui.out(
      wrapText(
        `The server is initialised with ${wanted.shares} key shares and a key threshold of ` +
          `${wanted.threshold}. Give the shares above to people you trust, each to another one. ` +
          `After every seal and restart, ${wanted.threshold} of them have to be entered with ` +
          `"${env.calledAs} operator unseal" before the server answers requests.`,
      ),
    )
    ui.out('')
    ui.out(
      wrapText(
        'The root key itself is stored nowhere. If fewer than that many shares are left, the data ' +
          `is lost for good. "${env.calledAs} operator rekey" makes new shares from enough of the old.`,
      ),
    )
  }
  if (recovery.length > 0) {
    ui.out('')
    ui.out(
      wrapText(
        `The recovery key is split into ${wanted.recoveryShares} shares, of which ` +
          `${wanted.recoveryThreshold} are needed. Give them to people you trust.`,
      ),
    )
  }
}

async function initialise(context: Context, api: Client, hasRecovery: boolean): Promise<number> {
  const { ui, flags } = context
  const wanted = sharesOf(context, hasRecovery)
  const optional = (list: readonly string[]): readonly string[] | undefined =>
    list.length === 0 ? undefined : list.flatMap((one) => one.split(','))
  const body = toJson({
    secret_shares: wanted.shares,
    secret_threshold: wanted.threshold,
    pgp_keys: optional(flags['pgp-keys']),
    recovery_shares: wanted.recoveryShares,
    recovery_threshold: wanted.recoveryThreshold,
    recovery_pgp_keys: optional(flags['recovery-pgp-keys']),
    root_token_pgp_key: flags['root-token-pgp-key'] || undefined,
  })
  const answer = await attempt('Error initializing', () => api.json('PUT', 'sys/init', { body }))
  if (ui.format !== 'table') return outputData(ui, machineResult(answer, wanted))
  printKeys(context, answer, wanted)
  return 0
}

export const operatorInit = defineCommand({
  name: 'operator init',
  synopsis: 'Initialise a server',
  usage: '[options]',
  about: [
    'Prepares the storage of a new server: makes the root key, splits it into key shares and prints them ' +
      'with a first root token. This can be done once.',
  ],
  examples: [
    { does: 'Five shares, of which three unseal:', run: ['{} operator init'] },
    { does: 'Other numbers, as JSON:', run: ['{} operator init -n 3 -t 2 -format=json'] },
    { does: 'Is it initialised?', run: ['{} operator init -status'] },
  ],
  flags,
  async run(context) {
    const api = await context.client()
    if (context.flags.status) return printStatus(context, api)
    for (const name of ['pgp-keys', 'root-token-pgp-key', 'recovery-pgp-keys'] as const) {
      if (context.given.has(name)) {
        throw new Failure(1, `-${name} is not supported yet: key shares can't be PGP-encrypted`)
      }
    }
    const seal = await attempt('', () => api.json('GET', 'sys/seal-status', { isPreflight: true }))
    return initialise(context, api, seal.get('recovery_seal') === true)
  },
})
