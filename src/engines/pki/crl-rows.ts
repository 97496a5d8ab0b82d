// The lists of revoked certificates, for everybody: in DER and PEM as they are, and in JSON. A list's bytes are
// read once and kept as long as it is the current one.
import { internal } from '../../base/errors.ts'
import { PEM, toPem } from '../../crypto/x509/pem.ts'
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { MountContext, RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { resourceKind } from '../../sdk/resource.ts'
import { findIssuer, issuerOf, readDirectory } from './authority.ts'
import { groupOf } from './crl-groups.ts'
import { type CrlState, type ListKind, readCrlState, readList } from './crl-store.ts'
import { keptRead } from './kept-read.ts'
import { rawAnswer } from './revocation-answers.ts'

const { read } = endpoints()

interface ServedLists {
  readonly state: CrlState
  /** The bytes by kind, once somebody asked. */
  readonly der: Map<ListKind, Promise<Buffer | null>>
  readonly pem: Partial<Record<ListKind, string>>
}

const servedLists = resourceKind<ServedLists>('crl', {
  idleMs: 5 * 60_000,
  build: async (mount, group) => ({
    state: await readCrlState(mount.storage, group),
    der: new Map(),
    pem: {},
  }),
  dispose: async () => {},
})

type Form = 'der' | 'pem'

/** The list of a group; null where there is none. A list that is replaced while it is read is read again. */
async function listOf(
  mount: MountContext,
  group: string,
  kind: ListKind,
  form: Form,
): Promise<Buffer | string | null> {
  for (let round = 0; round < 5; round++) {
    const found = await mount.use(servedLists, group, async (lists) => {
      const list = lists.state[kind]
      if (list === null) return null
      const der = await keptRead(lists.der, kind, () => readList(mount.storage, list))
      if (der === null) return undefined
      return form === 'der' ? der : (lists.pem[kind] ??= toPem(PEM.crl, der))
    })
    if (found !== undefined) return found
  }
  throw internal('the revocation list kept being replaced; try again')
}

const CONTENT_TYPES = { der: 'application/pkix-crl', pem: 'application/x-pem-file' } as const

/** The default issuer's list as it is; 204 without one. */
async function rawDefault(ctx: RequestContext, kind: ListKind, form: Form): Promise<Answer> {
  const issuer = findIssuer(await readDirectory(ctx.storage), 'default')
  const list = issuer ? await listOf(ctx, groupOf(issuer), kind, form) : null
  return rawAnswer(CONTENT_TYPES[form], list)
}

/** Of an issuer, whose PEM ends with a newline, as Vault's does. */
async function rawOfIssuer(
  ctx: RequestContext,
  ref: string,
  kind: ListKind,
  form: Form,
): Promise<Answer> {
  const issuer = issuerOf(await readDirectory(ctx.storage), ref)
  const list = await listOf(ctx, groupOf(issuer), kind, form)
  return rawAnswer(CONTENT_TYPES[form], typeof list === 'string' ? `${list}\n` : list)
}

async function jsonOfIssuer(ctx: RequestContext, ref: string, kind: ListKind): Promise<Answer> {
  const issuer = issuerOf(await readDirectory(ctx.storage), ref)
  const list = await listOf(ctx, groupOf(issuer), kind, 'pem')
  return { data: { crl: list === null ? '' : `${list}\n` } }
}

/** cert/crl and cert/delta-crl: the list in the shape of a certificate. */
async function jsonOfDefault(ctx: RequestContext, kind: ListKind): Promise<Answer> {
  const issuer = issuerOf(await readDirectory(ctx.storage), 'default')
  const list = await listOf(ctx, groupOf(issuer), kind, 'pem')
  if (list === null) return { empty: true }
  return {
    data: { certificate: list, revocation_time: 0, revocation_time_rfc3339: '' },
  }
}

const issuer_ref = string('Issuer: "default", an id or a name.', { required: true })
const open = { auth: 'none', effects: false } as const
const KINDS = [
  { kind: 'complete', path: 'crl', certPath: 'cert/crl', name: 'the list of revoked certificates' },
  { kind: 'delta', path: 'crl/delta', certPath: 'cert/delta-crl', name: 'the delta list' },
] as const

const certificateOutput = {
  certificate: string('The list in PEM.'),
  revocation_time: string('Always 0.'),
  revocation_time_rfc3339: string('Always empty.'),
}

export const crlRows = KINDS.flatMap(({ kind, path, certPath, name }) => [
  read(path, {
    about: `Answers ${name} of the default issuer in DER.`,
    ...open,
    handle: (ctx) => rawDefault(ctx, kind, 'der'),
  }),
  read(`${path}/pem`, {
    about: `Answers ${name} of the default issuer in PEM.`,
    ...open,
    handle: (ctx) => rawDefault(ctx, kind, 'pem'),
  }),
  read(certPath, {
    about: `Shows ${name} of the default issuer.`,
    ...open,
    output: certificateOutput,
    handle: (ctx) => jsonOfDefault(ctx, kind),
  }),
  read(`issuer/:issuer_ref/${path}`, {
    about: `Shows ${name} of an issuer.`,
    ...open,
    params: { issuer_ref },
    output: { crl: string('The list in PEM.') },
    handle: (ctx, values) => jsonOfIssuer(ctx, values.issuer_ref, kind),
  }),
  read(`issuer/:issuer_ref/${path}/der`, {
    about: `Answers ${name} of an issuer in DER.`,
    ...open,
    params: { issuer_ref },
    handle: (ctx, values) => rawOfIssuer(ctx, values.issuer_ref, kind, 'der'),
  }),
  read(`issuer/:issuer_ref/${path}/pem`, {
    about: `Answers ${name} of an issuer in PEM.`,
    ...open,
    params: { issuer_ref },
    handle: (ctx, values) => rawOfIssuer(ctx, values.issuer_ref, kind, 'pem'),
  }),
])
