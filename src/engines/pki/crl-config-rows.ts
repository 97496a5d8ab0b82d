// config/crl, crl/rotate and crl/rotate-delta.
import { formatDuration, parseDurationSeconds } from '../../base/duration.ts'
import { badRequest } from '../../base/errors.ts'
import { boolean, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { rebuildAll, rebuildDeltas } from './crl-builder.ts'
import { assertCrlConfig, CRL_CONFIG_KEY, type CrlConfig, readCrlConfig } from './crl-config.ts'
import { ensureLater, planUpkeep, startUpkeep, wasListed } from './crl-upkeep.ts'
import { sortedData } from './sorted-data.ts'

const { read, write } = endpoints()

const configFields = {
  allow_expired_cert_revocation: boolean('Expired certificates may be revoked.'),
  auto_rebuild: boolean('Lists are made anew before they expire, not with each revocation.'),
  auto_rebuild_grace_period: string('How long before they expire, a duration.'),
  delta_rebuild_interval: string('How often delta lists are made, a duration.'),
  disable: boolean('No lists are made.'),
  enable_delta: boolean('Delta lists are made; needs auto_rebuild.'),
  expiry: string('How long a list is valid, a duration.'),
  ocsp_disable: boolean('OCSP answers that it is not authorized to.'),
  ocsp_expiry: string('How long an OCSP answer is valid, a duration; 0: it does not say.'),
}
const rotated = { success: boolean('Always true.') }

export const crlConfigRows = [
  read('config/crl', {
    about: 'Shows how lists of revoked certificates are made.',
    effects: false,
    output: configFields,
    handle: async (ctx) => ({ data: sortedData({ ...(await readCrlConfig(ctx.storage)) }) }),
  }),
  write('config/crl', {
    about: 'Sets how lists of revoked certificates are made.',
    input: configFields,
    output: configFields,
    handle: setConfig,
  }),
  read('crl/rotate', {
    about: 'Makes all lists of revoked certificates anew.',
    output: rotated,
    handle: async (ctx) => ({
      data: { success: true },
      warnings: numbered(await rebuildAll(ctx, false)),
    }),
  }),
  read('crl/rotate-delta', {
    about: 'Makes all delta lists anew.',
    output: rotated,
    handle: async (ctx) => {
      const { enable_delta: isEnabled } = await readCrlConfig(ctx.storage)
      await rebuildDeltas(ctx)
      return { data: { success: true }, warnings: isEnabled ? [] : [DELTA_DISABLED] }
    },
  }),
]

const DELTA_DISABLED =
  'requested rebuild of delta CRL when delta CRL is not enabled; this is a no-op'

export const numbered = (warnings: readonly string[]): readonly string[] =>
  warnings.map((text, at) => `Warning ${at + 1} during CRL rebuild: ${text}`)

async function setConfig(ctx: RequestContext, sent: Parsed<typeof configFields>): Promise<Answer> {
  for (const name of DURATIONS) assertDuration(name, sent[name])
  const id = ctx.random.uuid()
  const { isRebuilt, after } = await ctx.storage.transaction(async (tx) => {
    const old = await readCrlConfig(tx)
    const changes = Object.entries(sent).filter(([, value]) => value !== undefined)
    const changed: CrlConfig = { ...old, ...(Object.fromEntries(changes) as Partial<CrlConfig>) }
    assertCrlConfig(changed)
    tx.put(CRL_CONFIG_KEY, { json: changed })
    const changesLists = asksForLists(old, changed)
    if (changesLists) await ensureLater(ctx, tx, id, null)
    if (changed.auto_rebuild) await startUpkeep(ctx, tx)
    return { isRebuilt: changesLists, after: changed }
  })
  const warnings = isRebuilt ? await rebuildAll(ctx, true) : []
  if (isRebuilt) await wasListed(ctx, id)
  if (after.auto_rebuild) await planUpkeep(ctx)
  return { data: sortedData({ ...after }), warnings: numbered(warnings) }
}

const asksForLists = (before: CrlConfig, after: CrlConfig): boolean =>
  before.disable !== after.disable ||
  (before.auto_rebuild && !after.auto_rebuild) ||
  before.enable_delta !== after.enable_delta

const DURATIONS = [
  'expiry',
  'ocsp_expiry',
  'auto_rebuild_grace_period',
  'delta_rebuild_interval',
] as const

function assertDuration(name: (typeof DURATIONS)[number], text: string | undefined): void {
  if (text === undefined) return
  const seconds = text === '' ? 0 : parseDurationSeconds(text)
  if (seconds === null)
    throw badRequest(
      `given ${name} could not be decoded: time: invalid duration ${JSON.stringify(text)}`,
    )
  if (name === 'ocsp_expiry' && seconds < 0)
    throw badRequest(
      `ocsp_expiry must be greater than or equal to 0 got: ${formatDuration(seconds)}`,
    )
}
