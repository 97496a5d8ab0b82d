// sys/plugins: every plugin is part of the program, so the catalog is a list of what is built in and
// nothing can be added to it or taken from it. Source: Vault's API page "sys/plugins/catalog".
import { badRequest } from '../../base/errors.ts'
import { VERSION } from '../../base/version.ts'
import { list as listField, string } from '../../schema/field.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { disposeResources } from './host-wide.ts'

const { read, write, remove, list } = endpoints<CoreContext>()

type Kind = 'auth' | 'database' | 'secret'
const KINDS: readonly Kind[] = ['auth', 'database', 'secret']
/** Core's own tables: part of the program and of every namespace, but nothing that one could mount. */
const NOT_LISTED = ['system', 'cubbyhole', 'token']

const typeParam = string('auth, database or secret.')
const nameParam = string('Name of the plugin.')

function namesOf(ctx: CoreContext, kind: Kind): string[] {
  return ctx.host.engines
    .filter((engine) => engine.class === kind && !NOT_LISTED.includes(engine.type))
    .map((engine) => engine.type)
    .sort()
}

function kindOf(text: string): Kind {
  const kind = KINDS.find((one) => one === text)
  if (!kind) throw badRequest(`"${text}" is not a supported plugin type`)
  return kind
}

const refusal = (): Error =>
  badRequest('plugins are part of the program: there is no directory to add one from')

const changeInput = {
  command: string('Not taken.'),
  sha256: string('Not taken.'),
  sha_256: string('Not taken.'),
  args: listField('Not taken.'),
  env: listField('Not taken.'),
  version: string('Not taken.'),
}

export const pluginEndpoints: readonly Row<CoreContext>[] = [
  read('plugins/catalog', {
    about: 'The plugins of the program.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => {
      const byKind = KINDS.map((kind) => [kind, namesOf(ctx, kind)] as const)
      const detailed: Data[] = byKind.flatMap(([type, names]) =>
        names.map((name) => ({
          builtin: true,
          deprecation_status: 'supported',
          name,
          type,
          version: `v${VERSION}`,
        })),
      )
      return { data: { ...Object.fromEntries(byKind), detailed } }
    },
  }),
  list('plugins/catalog/:type', {
    about: 'The plugins of one type.',
    rootOnly: true,
    params: { type: typeParam },
    effects: false,
    handle: async (ctx, { type }) => ({ data: { keys: namesOf(ctx, kindOf(type)) } }),
  }),
  read('plugins/catalog/:type/:name', {
    about: 'One plugin.',
    auth: 'sudo',
    rootOnly: true,
    params: { type: typeParam, name: nameParam },
    effects: false,
    handle: async (ctx, { type, name }) => {
      if (!namesOf(ctx, kindOf(type)).includes(name)) return { empty: true }
      return {
        data: {
          args: null,
          builtin: true,
          command: '',
          deprecation_status: 'supported',
          name,
          sha256: '',
          version: `v${VERSION}`,
        },
      }
    },
  }),
  write('plugins/catalog/:type/:name', {
    about: 'Refused: plugins are part of the program.',
    auth: 'sudo',
    rootOnly: true,
    params: { type: typeParam, name: nameParam },
    input: changeInput,
    handle: async () => {
      throw refusal()
    },
  }),
  remove('plugins/catalog/:type/:name', {
    about: 'Nothing to do: no plugin from outside can be there.',
    auth: 'sudo',
    rootOnly: true,
    params: { type: typeParam, name: nameParam },
    handle: async (ctx, { type, name }) => {
      if (namesOf(ctx, kindOf(type)).includes(name)) throw refusal()
      return { empty: true }
    },
  }),
  write('plugins/reload/backend', {
    about: 'Let go of what plugins hold for their mounts: connections and parsed keys.',
    rootOnly: true,
    input: {
      plugin: string('Name of the plugin.', { default: '' }),
      mounts: listField('Paths of mounts.', { default: [] }),
      scope: string('Accepted: what is let go is made anew where it is used.'),
    },
    handle: async (ctx, { plugin, mounts }) => {
      if ((plugin === '') === (mounts.length === 0)) {
        throw badRequest(
          plugin === '' ? 'plugin or mounts must be provided' : 'cannot specify plugin and mounts',
        )
      }
      const table = await ctx.view.table(ctx.place.namespace)
      const wanted = mounts.map((path) => `${path.replace(/^\/+|\/+$/g, '')}/`)
      const ids = table.mounts
        .filter(({ record }) => record.type === plugin || wanted.includes(record.path))
        .map(({ record }) => record.id)
      await disposeResources(ctx.host, ids)
      return { data: { reload_id: ctx.id } }
    },
  }),
]
