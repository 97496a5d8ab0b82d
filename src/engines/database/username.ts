// Names of dynamic users: the template of the configuration, or the plugin's own. Vault's page "Username
// templating".
import { goStruct } from '../../template/go-values.ts'
import type { Template } from '../../template/template.ts'
import { TemplateError } from '../../template/template-error.ts'
import { type NameSources, parseUsernameTemplate } from '../../template/username-functions.ts'
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
export type UsernameMaker = (of: NamedFor) => string

export function usernameMaker(
  plugin: DatabasePlugin,
  config: ConfigRecord,
  sources: NameSources,
): UsernameMaker {
  const text = textOf(config.details.username_template)
  const template = text || plugin.usernameTemplate(config.pluginName)
  return nameTemplate(template, sources, {
    unparsed: 'unable to initialize username template',
    unfit: 'invalid username template',
  })
}

export const commonNameMaker = (text: string, sources: NameSources): UsernameMaker =>
  nameTemplate(text, sources, {
    unparsed: 'failed to create template',
    unfit: 'invalid common_name_template',
  })

/** A template of names, parsed and tried once. Throws DatabaseError 'settings' in Vault's words. */
function nameTemplate(
  text: string,
  sources: NameSources,
  words: { readonly unparsed: string; readonly unfit: string },
): UsernameMaker {
  const template = inWords(words.unparsed, () => parseUsernameTemplate(text, sources))
  const make: UsernameMaker = (of) => inWords(words.unfit, () => render(template, of))
  make({ DisplayName: '', RoleName: '', Username: '' })
  return make
}

function render(template: Template, of: NamedFor): string {
  try {
    return template.render(goStruct('dbplugin.UsernameMetadata', { ...of }))
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new TemplateError(`unable to apply template: ${error.message}`)
  }
}

function inWords<T>(words: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw settingsFault(`${words}: ${error.message}`)
  }
}
