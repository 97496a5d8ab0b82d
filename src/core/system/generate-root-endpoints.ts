// sys/generate-root/* (Vault: shares are enough, answers come bare) and sys/generate-root-token/* (OpenBao: a
// token too, standard envelope): two families of paths for one root generation. Source: Vault's API page
// "sys/generate-root".
import { badRequest } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { GenerateRoot } from '../seal/generate-root.ts'
import { parseShare } from '../seal/share-text.ts'
import { assertTakesPart, cancelNonce } from './ceremony-access.ts'

const { read, write, remove } = endpoints<CoreContext>()

interface Family {
  readonly attempt: readonly string[]
  readonly update: string
  readonly options: Pick<Row, 'auth' | 'envelope' | 'rootOnly'>
  needsNoToken(ctx: CoreContext): boolean
}

const families: readonly Family[] = [
  {
    attempt: ['generate-root/attempt', 'generate-root'],
    update: 'generate-root/update',
    options: { auth: 'none', envelope: 'none', rootOnly: true },
    needsNoToken: (ctx) => ctx.host.settings.unauthenticatedGenerateRoot,
  },
  {
    attempt: ['generate-root-token/attempt'],
    update: 'generate-root-token/update',
    options: { auth: 'token', envelope: 'standard', rootOnly: true },
    needsNoToken: () => true,
  },
]

const generationOf = (ctx: CoreContext): GenerateRoot => {
  const { backend, barrier, random, clock, log } = ctx.host
  const { core } = ctx
  const parts = { backend, barrier, random, core, storage: core.storage, log: log.named('seal') }
  return new GenerateRoot({ ...parts, now: () => clock.now() })
}

async function statusView(generation: GenerateRoot, otp: string): Promise<Data> {
  const { nonce, progress, required, otpLength } = await generation.status()
  return {
    nonce,
    started: nonce !== '',
    progress,
    required,
    complete: false,
    encoded_token: '',
    encoded_root_token: '',
    pgp_fingerprint: '',
    otp,
    otp_length: otpLength,
  }
}

const attemptRows = (
  path: string,
  { options, needsNoToken }: Family,
): readonly Row<CoreContext>[] => [
  read(path, {
    ...options,
    about: 'How far the making of a root token is.',
    effects: false,
    handle: async (ctx) => {
      assertTakesPart(ctx, 'read', needsNoToken(ctx))
      return { data: await statusView(generationOf(ctx), '') }
    },
  }),
  write(path, {
    ...options,
    about: 'Start the making of a root token from key shares.',
    input: {
      otp: string('One-time password that the token is encoded with; made if left out.', {
        default: '',
        secret: true,
      }),
      pgp_key: string('Not taken: the token can not be PGP-encrypted.'),
    },
    handle: async (ctx, { otp, pgp_key }) => {
      assertTakesPart(ctx, 'update', needsNoToken(ctx))
      if (pgp_key) throw badRequest('PGP-encrypted tokens are not available; leave pgp_key out')
      const generation = generationOf(ctx)
      const made = await generation.start(otp)
      return { data: await statusView(generation, otp === '' ? made : '') }
    },
  }),
  remove(path, {
    ...options,
    about: 'Cancel the making of a root token.',
    input: { nonce: string('The nonce of the attempt; a token with sudo needs none.') },
    handle: async (ctx, { nonce }) => {
      assertTakesPart(ctx, 'delete', needsNoToken(ctx))
      await generationOf(ctx).cancel(cancelNonce(ctx, nonce))
      return { empty: true }
    },
  }),
]

const updateRow = ({ update, options, needsNoToken }: Family): Row<CoreContext> =>
  write(update, {
    ...options,
    about: 'Give one key share; the last one answers the encoded root token.',
    input: {
      key: string('One key share, in hex or base64.', { secret: true }),
      nonce: string('The nonce of the attempt.', { default: '' }),
    },
    handle: async (ctx, { key, nonce }) => {
      assertTakesPart(ctx, 'update', needsNoToken(ctx))
      if (!key) throw badRequest("'key' must be specified in request body as JSON")
      const { progress, required, encodedToken } = await generationOf(ctx).update(
        parseShare(key),
        nonce,
      )
      return {
        data: {
          nonce,
          started: true,
          progress,
          required,
          complete: progress === required,
          encoded_token: encodedToken,
          encoded_root_token: encodedToken,
          pgp_fingerprint: '',
          otp: '',
          otp_length: 0,
        },
      }
    },
  })

export const generateRootEndpoints: readonly Row<CoreContext>[] = families.flatMap((family) => [
  ...family.attempt.flatMap((path) => attemptRows(path, family)),
  updateRow(family),
])
