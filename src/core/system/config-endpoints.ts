// sys/config: origins of browsers, headers of the user interface, the configuration in use and its reload.
// Source: Vault's API pages "sys/config/cors", "sys/config/ui", "sys/config/state", "sys/config/reload".
import { badRequest, notFound } from '../../base/errors.ts'
import { boolean, list as listField, string } from '../../schema/field.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import { removeUiHeader, setUiHeader, uiHeader, uiHeaderNames } from '../edge/ui-headers.ts'
import type { CoreContext } from '../request-context.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

const headerParam = { header: string('Name of the header.') }

const corsRows: readonly Row<CoreContext>[] = [
  read('config/cors', {
    about: 'The origins that browsers may call from.',
    auth: 'sudo',
    rootOnly: true,
    effects: false,
    envelope: 'both',
    handle: async (ctx) => {
      const cors = ctx.core.cors.current
      if (!cors) return { data: { enabled: false } }
      return {
        data: {
          enabled: true,
          allowed_origins: cors.allowedOrigins,
          allowed_headers: cors.allowedHeaders,
          allow_credentials: cors.allowCredentials,
        },
      }
    },
  }),
  write('config/cors', {
    about: 'Let browsers call from these origins.',
    auth: 'sudo',
    rootOnly: true,
    input: {
      enable: boolean('Accepted: naming origins enables it.'),
      allowed_origins: listField('Origins, or "*" alone for any.', { default: [] }),
      allowed_headers: listField('Headers beside those of the API.', { default: [] }),
      allow_credentials: boolean('Whether browsers may send credentials.', { default: false }),
    },
    handle: async (ctx, { allowed_origins, allowed_headers, allow_credentials }) => {
      await ctx.core.cors.enable({
        allowedOrigins: allowed_origins,
        allowedHeaders: allowed_headers,
        allowCredentials: allow_credentials,
      })
      return { empty: true }
    },
  }),
  remove('config/cors', {
    about: 'Let browsers call from no other origin.',
    auth: 'sudo',
    rootOnly: true,
    handle: async (ctx) => {
      await ctx.core.cors.disable()
      return { empty: true }
    },
  }),
]

const uiHeaderRows: readonly Row<CoreContext>[] = [
  list('config/ui/headers', {
    about: 'The headers set for the user interface.',
    auth: 'sudo',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => ({ data: { keys: await uiHeaderNames(ctx.core.storage) } }),
  }),
  read('config/ui/headers/:header', {
    about: 'One header of the user interface.',
    auth: 'sudo',
    rootOnly: true,
    params: headerParam,
    input: { multivalue: boolean('Answer all values.', { default: false }) },
    effects: false,
    handle: async (ctx, { header, multivalue }) => {
      const found = await uiHeader(ctx.core.storage, header)
      if (!found) return { empty: true }
      return { data: multivalue ? { values: found.values } : { value: found.values[0] } }
    },
  }),
  write('config/ui/headers/:header', {
    about: 'Set a header of the user interface.',
    auth: 'sudo',
    rootOnly: true,
    params: headerParam,
    input: {
      values: listField('The values.', { default: [] }),
      multivalue: boolean('Accepted: the values are kept as a list.'),
    },
    handle: async (ctx, { header, values }) => {
      await setUiHeader(ctx.core.storage, header, values)
      return { empty: true }
    },
  }),
  remove('config/ui/headers/:header', {
    about: 'Take a header off the user interface.',
    auth: 'sudo',
    rootOnly: true,
    params: headerParam,
    handle: async (ctx, { header }) => {
      await removeUiHeader(ctx.core.storage, header)
      return { empty: true }
    },
  }),
]

export const configEndpoints: readonly Row<CoreContext>[] = [
  ...corsRows,
  ...uiHeaderRows,
  read('config/state/sanitized', {
    about: 'The configuration in use, without secrets.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => ({ data: { ...ctx.core.settings.sanitized } }),
  }),
  write('config/reload/:subsystem', {
    about: 'Read a part of the configuration again.',
    rootOnly: true,
    params: { subsystem: string('Name of the part.') },
    handle: async (_ctx, { subsystem }) => {
      if (subsystem === 'license') throw badRequest('there is no license: nothing to read again')
      throw notFound(`the part "${subsystem}" can't be read again over the API; send SIGHUP`)
    },
  }),
]
