// sys/rekey/* (Vault: shares are enough, answers come bare) and sys/rotate/root/* (OpenBao: a token too,
// answers in the standard envelope): two families of paths for one rekeying. Recovery keys belong to
// automatic seals, which this server does not have yet. Sources: the API pages "sys/rekey", "sys/rotate".
import { badRequest } from '../../base/errors.ts'
import { boolean, integer, list, string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { Rekey, type Rekeyed, type RekeyWords } from '../seal/rekey.ts'
import { parseShare } from '../seal/share-text.ts'
import { assertTakesPart, cancelNonce } from './ceremony-access.ts'

const { read, write, remove } = endpoints<CoreContext>()

interface Family {
  readonly prefix: string
  readonly words: RekeyWords
  readonly options: Pick<Row, 'auth' | 'envelope' | 'rootOnly'>
  /** Whether shares are enough here. */
  needsNoToken(ctx: CoreContext): boolean
}

const VAULT: Family = {
  prefix: 'rekey',
  words: {
    name: 'rekey',
    none: 'no barrier rekey in progress',
    nonce: 'this rekey operation',
    during: 'generation operation',
  },
  options: { auth: 'none', envelope: 'none', rootOnly: true },
  needsNoToken: (ctx) => ctx.host.settings.unauthenticatedRekey,
}

const OPENBAO: Family = {
  prefix: 'rotate/root',
  words: {
    name: 'rotation',
    none: 'no rotation in progress',
    nonce: 'rotation',
    during: 'rotation',
  },
  options: { auth: 'token', envelope: 'standard', rootOnly: true },
  // The row has asked for one.
  needsNoToken: () => true,
}

const rekeyOf = (ctx: CoreContext, { words }: Family): Rekey => {
  const { backend, barrier, random, clock, log } = ctx.host
  const { storage } = ctx.core
  const parts = { backend, barrier, storage, random, log: log.named('seal') }
  return new Rekey({ ...parts, now: () => clock.now() }, words)
}

async function statusView(rekey: Rekey): Promise<Data> {
  const { nonce, wanted, progress, required, mustVerify, verificationNonce } = await rekey.status()
  return {
    nonce,
    started: nonce !== '',
    t: wanted.threshold,
    n: wanted.shares,
    progress,
    required,
    pgp_fingerprints: null,
    backup: false,
    verification_required: mustVerify,
    ...(verificationNonce && { verification_nonce: verificationNonce }),
  }
}

const rekeyedView = (nonce: string, { shares, verificationNonce }: Rekeyed): Data => ({
  nonce,
  complete: true,
  keys: shares.map((share) => share.toString('hex')),
  keys_base64: shares.map((share) => share.toString('base64')),
  pgp_fingerprints: null,
  backup: false,
  verification_required: verificationNonce !== '',
  ...(verificationNonce && { verification_nonce: verificationNonce }),
})

async function verifyView(rekey: Rekey): Promise<Data> {
  const { nonce, wanted, progress } = await rekey.verifyStatus()
  return { nonce, started: nonce !== '', t: wanted.threshold, n: wanted.shares, progress }
}

const startInput = {
  secret_shares: integer('How many new shares to make.', { default: 0 }),
  secret_threshold: integer('How many of them unseal.', { default: 0 }),
  require_verification: boolean(
    'The new shares count only after enough of them were entered again.',
    { default: false },
  ),
  backup: boolean('Keep the PGP-encrypted shares on the server.', { default: false }),
  pgp_keys: list('Not taken: shares can not be PGP-encrypted.'),
}
const shareInput = {
  key: string('One key share, in hex or base64.', { secret: true }),
  nonce: string('The nonce of the operation.', { default: '' }),
}
const cancelInput = { nonce: string('The nonce of the operation; a token with sudo needs none.') }

function shareOf(key: string | undefined): Buffer {
  if (!key) throw badRequest("'key' must be specified in request body as JSON")
  return parseShare(key)
}

function initRows(family: Family): readonly Row<CoreContext>[] {
  const { prefix, options, needsNoToken } = family
  return [
    read(`${prefix}/init`, {
      ...options,
      about: 'How far the rekey in progress is.',
      effects: false,
      handle: async (ctx) => {
        assertTakesPart(ctx, 'read', needsNoToken(ctx))
        return { data: await statusView(rekeyOf(ctx, family)) }
      },
    }),
    write(`${prefix}/init`, {
      ...options,
      about: 'Start a rekey: new key shares from enough of the present ones.',
      input: startInput,
      handle: async (ctx, values) => {
        assertTakesPart(ctx, 'update', needsNoToken(ctx))
        if (values.pgp_keys?.length) {
          throw badRequest('PGP-encrypted shares are not available; leave pgp_keys out')
        }
        if (values.backup) {
          throw badRequest(
            'cannot request a backup of the new keys without providing PGP keys for encryption',
          )
        }
        const rekey = rekeyOf(ctx, family)
        const wanted = { shares: values.secret_shares, threshold: values.secret_threshold }
        await rekey.start(wanted, values.require_verification)
        return { data: await statusView(rekey) }
      },
    }),
    remove(`${prefix}/init`, {
      ...options,
      about: 'Cancel the rekey in progress.',
      input: cancelInput,
      handle: async (ctx, { nonce }) => {
        assertTakesPart(ctx, 'delete', needsNoToken(ctx))
        await rekeyOf(ctx, family).cancel(cancelNonce(ctx, nonce))
        return { empty: true }
      },
    }),
    write(`${prefix}/update`, {
      ...options,
      about: 'Give one of the present key shares; the last one answers the new shares.',
      input: shareInput,
      handle: async (ctx, { key, nonce }) => {
        assertTakesPart(ctx, 'update', needsNoToken(ctx))
        const rekey = rekeyOf(ctx, family)
        const done = await rekey.update(shareOf(key), nonce)
        return { data: done ? rekeyedView(nonce, done) : await statusView(rekey) }
      },
    }),
  ]
}

function verifyRows(family: Family): readonly Row<CoreContext>[] {
  const { prefix, options, needsNoToken } = family
  return [
    read(`${prefix}/verify`, {
      ...options,
      about: 'How far the verification of the new shares is.',
      effects: false,
      handle: async (ctx) => {
        assertTakesPart(ctx, 'read', needsNoToken(ctx))
        return { data: await verifyView(rekeyOf(ctx, family)) }
      },
    }),
    write(`${prefix}/verify`, {
      ...options,
      about: 'Give one of the new key shares; with the last one the new shares count.',
      input: shareInput,
      handle: async (ctx, { key, nonce }) => {
        assertTakesPart(ctx, 'update', needsNoToken(ctx))
        const rekey = rekeyOf(ctx, family)
        const isDone = await rekey.verify(shareOf(key), nonce)
        return { data: isDone ? { nonce, complete: true } : await verifyView(rekey) }
      },
    }),
    remove(`${prefix}/verify`, {
      ...options,
      about: 'Begin the verification anew, under a new nonce.',
      input: cancelInput,
      handle: async (ctx, { nonce }) => {
        assertTakesPart(ctx, 'delete', needsNoToken(ctx))
        const rekey = rekeyOf(ctx, family)
        await rekey.restartVerification(cancelNonce(ctx, nonce))
        return { data: await verifyView(rekey) }
      },
    }),
  ]
}

/** Backups are kept only of PGP-encrypted shares: there is never one. */
const backupRows = (path: string): readonly Row<CoreContext>[] => [
  read(path, {
    about: 'The backup of PGP-encrypted key shares.',
    rootOnly: true,
    effects: false,
    handle: async () => {
      throw badRequest('no backed-up keys found')
    },
  }),
  remove(path, {
    about: 'Delete the backup of PGP-encrypted key shares.',
    rootOnly: true,
    handle: async () => ({ empty: true }),
  }),
]

/** Recovery keys: paths that clients know, with the reason why nothing comes of them. */
function recoveryRows(prefix: string, options: Family['options'], reason: string) {
  const handle = async (): Promise<never> => {
    throw badRequest(reason)
  }
  const about = 'Recovery keys belong to automatic seals.'
  const effects = false
  return [
    ...['init', 'verify'].flatMap((step) => [
      read(`${prefix}/${step}`, { ...options, about, effects, handle }),
      write(`${prefix}/${step}`, { ...options, about, effects, handle }),
      remove(`${prefix}/${step}`, { ...options, about, effects, handle }),
    ]),
    write(`${prefix}/update`, { ...options, about, effects, handle }),
  ]
}

export const rekeyEndpoints: readonly Row<CoreContext>[] = [
  ...[VAULT, OPENBAO].flatMap((family) => [...initRows(family), ...verifyRows(family)]),
  ...recoveryRows('rekey-recovery-key', VAULT.options, 'recovery rekeying not supported'),
  ...recoveryRows('rotate/recovery', OPENBAO.options, 'recovery keys not supported'),
  ...[
    'rekey/backup',
    'rekey/recovery-key-backup',
    'rotate/root/backup',
    'rotate/recovery/backup',
  ].flatMap(backupRows),
]
