// sys/audit, sys/audit-hash and the request headers that audit shows. Source: Vault's API pages
// "sys/audit", "sys/audit-hash" and "sys/config/auditing".
import { badRequest } from '../../base/errors.ts'
import { boolean, pairs, string, time } from '../../schema/field.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { AuditMountRecord } from '../audit/audit-store.ts'
import type { CoreContext } from '../request-context.ts'

const { read, write, remove } = endpoints<CoreContext>()

const view = (record: AuditMountRecord) => ({
  description: record.description,
  local: record.local,
  options: record.options,
  path: record.path,
  type: record.type,
})

/** Audit devices see every namespace, so only the root namespace changes them. */
function assertRoot(ctx: CoreContext): void {
  if (ctx.place.namespace.path !== '') {
    throw badRequest('audit devices belong to the root namespace')
  }
}

const params = { path: string('Where the device is enabled.') }
const headerParams = { header: string('Name of the header.') }

export const auditEndpoints: readonly Row<CoreContext>[] = [
  read('audit', {
    rootOnly: true,
    about: 'List the audit devices.',
    auth: 'sudo',
    effects: false,
    envelope: 'both',
    handle: async (ctx) => ({
      data: Object.fromEntries(ctx.core.audit.list().map((record) => [record.path, view(record)])),
    }),
  }),
  write('audit/*path', {
    rootOnly: true,
    about: 'Enable an audit device.',
    params,
    auth: 'sudo',
    input: {
      type: string('file, syslog or socket.', { required: true }),
      description: string('What the device is for.', { default: '' }),
      options: pairs('Options of the device, such as file_path.', { default: {} }),
      local: boolean('Not replicated.', { default: false }),
    },
    handle: async (ctx, { path, type, description, options, local }) => {
      assertRoot(ctx)
      await ctx.core.audit.enable({ path, type, description, options, local, fromRequest: true })
      return { empty: true }
    },
  }),
  remove('audit/*path', {
    rootOnly: true,
    about: 'Disable an audit device.',
    params,
    auth: 'sudo',
    handle: async (ctx, { path }) => {
      assertRoot(ctx)
      await ctx.core.audit.disable(path)
      return { empty: true }
    },
  }),
  write('audit-hash/*path', {
    rootOnly: true,
    about: 'The HMAC of a text as it stands in the lines of a device.',
    params,
    input: { input: string('The text.', { required: true, secret: true }) },
    envelope: 'both',
    effects: false,
    handle: async (ctx, { path, input }) => ({ data: { hash: ctx.core.audit.hash(path, input) } }),
  }),
  read('audit-chain', {
    rootOnly: true,
    about: 'The heads of all audit writers and the public key, for `audit verify -heads`.',
    auth: 'sudo',
    effects: false,
    handle: async (ctx) => ({
      data: {
        public_key: await ctx.core.audit.publicKey(),
        heads: await ctx.core.audit.heads(),
      },
    }),
  }),
  remove('audit-chain', {
    rootOnly: true,
    about: 'Forget the heads of audit writers whose files were deleted on purpose.',
    auth: 'sudo',
    input: {
      before: time('Only of writers that wrote nothing since then.', { required: true }),
      device: string('Only of the device at this path.', { default: '' }),
    },
    handle: async (ctx, { before, device }) => {
      assertRoot(ctx)
      const only = device === '' ? undefined : device
      return { data: { forgotten: await ctx.core.audit.forgetHeads(before, only) } }
    },
  }),
  read('config/auditing/request-headers', {
    rootOnly: true,
    about: 'The request headers that audit shows.',
    auth: 'sudo',
    effects: false,
    handle: async (ctx) => ({ data: { headers: ctx.core.audit.headerSettings() } }),
  }),
  read('config/auditing/request-headers/:header', {
    rootOnly: true,
    about: 'Whether and how audit shows a request header.',
    params: headerParams,
    auth: 'sudo',
    effects: false,
    handle: async (ctx, { header }) => {
      const name = header.toLowerCase()
      const settings = ctx.core.audit.headerSettings()
      if (!Object.hasOwn(settings, name)) throw badRequest('Could not find header in config')
      return { data: { [name]: settings[name] } }
    },
  }),
  write('config/auditing/request-headers/:header', {
    rootOnly: true,
    about: 'Let audit show a request header.',
    params: headerParams,
    auth: 'sudo',
    input: { hmac: boolean('Show its HMAC instead of the value.', { default: false }) },
    handle: async (ctx, { header, hmac }) => {
      await ctx.core.audit.setHeader(header.toLowerCase(), { hmac })
      return { empty: true }
    },
  }),
  remove('config/auditing/request-headers/:header', {
    rootOnly: true,
    about: 'Keep a request header out of audit again.',
    params: headerParams,
    auth: 'sudo',
    handle: async (ctx, { header }) => {
      await ctx.core.audit.setHeader(header.toLowerCase(), null)
      return { empty: true }
    },
  }),
]
