// Names of dynamic users: the template of the configuration, or the plugin's own. Vault's page "Username
// templating".
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ConfigRecord } from './config-record.ts'
import type { DatabasePlugin } from './database-plugin.ts'
import { settingsFault, textOf } from './sql-settings.ts'

export interface NamedFor {
  readonly DisplayName: string
  readonly RoleName: string
  /** Known where a certificate is made for the user. */
  readonly Username?: string
}

/** Throws DatabaseError 'settings' where the template can't be rendered with these. */
export type UsernameMaker = (of: NamedFor, tools: { clock: Clock; random: Random }) => string

export function usernameMaker(plugin: DatabasePlugin, config: ConfigRecord): UsernameMaker {
  const text = textOf(config.details.username_template)
  return nameTemplate(text || plugin.usernameTemplate(config.pluginName), 'username template')
}

/** A template of names, parsed and tried once. Throws DatabaseError 'settings' in Vault's words. */
export function nameTemplate(text: string, what: string): UsernameMaker {
  if (!text.includes('unix_time')) throw settingsFault(`unable to initialize ${what}`)
  return ({ DisplayName, RoleName }, { clock, random }) =>
    `v-${DisplayName.slice(0, 8)}-${RoleName.slice(0, 8)}-${random.bytes(10).toString('hex')}-${Math.floor(clock.now() / 1000)}`.slice(
      0,
      63,
    )
}
