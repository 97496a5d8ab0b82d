// Fields of `config/:name`: the engine's own, and those of all plugins together, since one row serves them all.
import { boolean, string, list as stringList, texts } from '../../schema/field.ts'
import type { Fields } from '../../schema/parse-fields.ts'
import { automatedRotationFields } from '../../sdk/rotation-fields.ts'
import { databasePlugins } from './database-plugins.ts'

export const engineFields = {
  plugin_name: string('Which kind of database; required when the connection is created.'),
  plugin_version: string('Version of the plugin; only the one that is built in is there.'),
  verify_connection: boolean('Whether the connection is tried before it is stored.', {
    default: true,
  }),
  allowed_roles: stringList('Roles that may use the connection, with `*` as a glob; "*": all.'),
  root_rotation_statements: texts("Statements that change our own user's password."),
  password_policy: string("Password policy of the connection's users; without one: 20 characters."),
  ...automatedRotationFields,
} as const

/** Kept among `connection_details`, though they are no plugin's. */
export const detailFields = {
  self_managed: boolean('True: static roles change their own passwords; there is no user of ours.'),
  skip_static_role_import_rotation: boolean(
    'True: static roles keep their credential until its first time, unless they say otherwise.',
  ),
} as const

/** Fields of the plugins; `name` to field. */
export const pluginFields: Fields = Object.assign(
  {},
  ...databasePlugins.map(({ configFields }) => configFields),
)

/** Sent names that are no part of `connection_details`. */
export const isEngineField = (name: string): boolean =>
  name === 'name' || Object.hasOwn(engineFields, name)
