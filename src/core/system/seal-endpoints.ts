// sys/init, sys/unseal, sys/seal, sys/seal-status, sys/health, sys/leader: what is served while sealed.
// Source: Vault's API pages of the same names.
import { badRequest } from '../../base/errors.ts'
import { VERSION } from '../../base/version.ts'
import { boolean, integer, list, string } from '../../schema/field.ts'
import type { Answer, Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import type { SealStatus, SharesWanted } from '../seal/seal.ts'
import { parseShare, splitFault } from '../seal/share-text.ts'

const { read, write } = endpoints<CoreContext>()

function statusView(ctx: CoreContext, status: SealStatus): Data {
  return {
    type: status.type,
    initialized: status.initialized,
    sealed: status.sealed,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
    nonce: status.nonce,
    recovery_seal: false,
    version: VERSION,
    build_date: '',
    migration: false,
    ...(status.sealed
      ? undefined
      : { cluster_name: status.clusterName, cluster_id: status.clusterId }),
    storage_type: ctx.host.settings.storageType,
  }
}

async function initialize(ctx: CoreContext, wanted: SharesWanted): Promise<Answer> {
  const fault = splitFault(wanted)
  if (fault) throw badRequest(`invalid seal configuration: ${fault}`)
  const { shares, rootToken } = await ctx.host.seal.initialize(wanted)
  ctx.host.log.info('initialised', { ...wanted })
  return {
    data: {
      keys: shares.map((share) => share.toString('hex')),
      keys_base64: shares.map((share) => share.toString('base64')),
      root_token: rootToken,
    },
  }
}

export const sealEndpoints: readonly Row<CoreContext>[] = [
  read('init', {
    about: 'Whether the server is initialised.',
    auth: 'none',
    whenSealed: true,
    effects: false,
    envelope: 'none',
    handle: async (ctx) => ({
      data: { initialized: (await ctx.host.seal.status()).initialized },
    }),
  }),
  write('init', {
    about: 'Initialise a new store: makes the key shares and the root token.',
    auth: 'none',
    whenSealed: true,
    envelope: 'none',
    input: {
      secret_shares: integer('How many shares to make.', { default: 0 }),
      secret_threshold: integer('How many of them unseal.', { default: 0 }),
      stored_shares: integer('Only for automatic seals.'),
      recovery_shares: integer('Only for automatic seals.'),
      recovery_threshold: integer('Only for automatic seals.'),
      pgp_keys: list('Not taken.'),
      root_token_pgp_key: string('Not taken.'),
    },
    handle: async (ctx, values) => {
      if (values.pgp_keys?.length || values.root_token_pgp_key) {
        throw badRequest('PGP-encrypted shares are not available; leave pgp_keys out')
      }
      if ((await ctx.host.seal.status()).initialized) {
        throw badRequest('Vault is already initialized')
      }
      return initialize(ctx, { shares: values.secret_shares, threshold: values.secret_threshold })
    },
  }),
  read('seal-status', {
    about: 'The state of the seal.',
    auth: 'none',
    whenSealed: true,
    effects: false,
    audit: false,
    envelope: 'none',
    handle: async (ctx) => ({ data: statusView(ctx, await ctx.host.seal.status()) }),
  }),
  write('unseal', {
    about: 'Give one key share.',
    auth: 'none',
    whenSealed: true,
    audit: false,
    envelope: 'none',
    input: {
      key: string('One share, in hex or base64.', { secret: true }),
      reset: boolean('Forget the shares given so far.', { default: false }),
      migrate: boolean('Only for seal migrations.'),
    },
    handle: async (ctx, { key, reset }) => {
      const { seal } = ctx.host
      if (reset) return { data: statusView(ctx, await seal.resetUnseal()) }
      if (!key)
        throw badRequest("'key' must be specified in request body as JSON, or 'reset' set to true")
      return { data: statusView(ctx, await seal.unseal(parseShare(key))) }
    },
  }),
  write('seal', {
    rootOnly: true,
    about: 'Seal the server.',
    auth: 'sudo',
    seals: true,
    handle: async (ctx) => {
      await ctx.host.seal.seal()
      return { empty: true }
    },
  }),
  read('leader', {
    about: 'Every node is active: there is no leader.',
    auth: 'none',
    whenSealed: true,
    effects: false,
    audit: false,
    envelope: 'none',
    handle: async () => ({ data: { ha_enabled: false } }),
  }),
  ...(['read', 'head'] as const).map((operation) =>
    endpoints<CoreContext>()[operation]('health', {
      about: 'Health of the server, told by the status code.',
      auth: 'none',
      whenSealed: true,
      effects: false,
      audit: false,
      envelope: 'none',
      input: {
        standbyok: string('Accepted: there are no standby nodes.'),
        perfstandbyok: string('Accepted: there are no standby nodes.'),
        activecode: integer('Code to answer when open.'),
        standbycode: integer('Accepted: there are no standby nodes.'),
        drsecondarycode: integer('Accepted.'),
        performancestandbycode: integer('Accepted.'),
        sealedcode: integer('Code to answer when sealed.'),
        uninitcode: integer('Code to answer when not initialised.'),
      },
      handle: async (ctx, values) => {
        const status = await ctx.host.seal.status()
        const code = !status.initialized
          ? (values.uninitcode ?? 501)
          : status.sealed
            ? (values.sealedcode ?? 503)
            : (values.activecode ?? 200)
        if (code < 200 || code > 599) throw badRequest('a status code is from 200 to 599')
        return {
          status: code,
          data: {
            initialized: status.initialized,
            sealed: status.sealed,
            standby: false,
            performance_standby: false,
            replication_performance_mode: 'disabled',
            replication_dr_mode: 'disabled',
            server_time_utc: Math.floor(ctx.clock.now() / 1000),
            version: VERSION,
            ...(status.sealed
              ? undefined
              : { cluster_name: status.clusterName, cluster_id: status.clusterId }),
          },
        }
      },
    }),
  ),
]
