// config, reset and reload: the connections of the mount. Source: Vault's API page of the database engine.
import { badRequest, unavailable } from '../../base/errors.ts'
import { isJsonObject, type Json, type JsonObject, RawNumber, setOwn } from '../../base/json.ts'
import { integer, object, string, list as stringList } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import type { GivenUp, RotationSchedule } from '../../sdk/rotation.ts'
import {
  automatedData,
  automatedRotationFields,
  automatedSchedule,
} from '../../sdk/rotation-fields.ts'
import { detailFields, engineFields, isEngineField, pluginFields } from './config-fields.ts'
import {
  type ConfigRecord,
  configKey,
  findConfig,
  fromEntry,
  hasPasswordInUrl,
  requireConfig,
  type StoredConfig,
  shownDetails,
  unknownPlugin,
} from './config-record.ts'
import { openConfig } from './connections.ts'
import { DatabaseError } from './database-error.ts'
import { databasePlugin } from './database-plugins.ts'
import { emptyWith, givenUpWarnings } from './given-up.ts'
import { putRootRotation, whyNotRotated } from './rotate-root-rows.ts'
import { rootRotation } from './rotations.ts'
import { isTrue } from './sql-settings.ts'

const { read, write, remove, list } = endpoints()

const params = { name: string('Name of the connection.') }

interface SentConfig extends Partial<Parsed<typeof automatedRotationFields>> {
  readonly plugin_name: string | undefined
  readonly plugin_version: string | undefined
  readonly verify_connection: boolean
  readonly allowed_roles: readonly string[] | undefined
  readonly root_rotation_statements: readonly string[] | undefined
  readonly password_policy: string | undefined
}

export const configRows = [
  list('config', {
    about: 'Lists the connections.',
    effects: false,
    input: pageInput,
    output: keysOutput,
    handle: async (ctx, page) => keysAnswer(await listNames(ctx.storage, 'config/', page)),
  }),
  read('config/:name', {
    about: 'Shows a connection, without its secrets.',
    effects: false,
    params,
    output: {
      allowed_roles: stringList('Roles that may use it.'),
      connection_details: object('What was sent for the plugin, without secrets.'),
      password_policy: string('Password policy of its users.'),
      plugin_name: string('Which kind of database.'),
      plugin_version: string('Version of the plugin; empty: the one that is built in.'),
      root_credentials_rotate_statements: stringList("Statements that change our user's password."),
      ...automatedRotationFields,
    },
    handle: async (ctx, { name }) => {
      const found = await findConfig(ctx.storage, name)
      if (!found) return { empty: true }
      const { config } = found
      const root = await ctx.rotation.status(rootRotation, name)
      return {
        data: {
          allowed_roles: config.allowedRoles,
          connection_details: shownDetails(config),
          password_policy: config.passwordPolicy,
          plugin_name: config.pluginName,
          plugin_version: '',
          root_credentials_rotate_statements: config.rootRotationStatements,
          ...(root && isAutomated(root.schedule) ? automatedData(root.schedule) : undefined),
        },
      }
    },
  }),
  write('config/:name', {
    about: 'Creates or changes a connection; it is tried before it is stored.',
    params,
    body: 'free',
    input: { ...pluginFields, ...detailFields, ...engineFields },
    exists: async (ctx, { name }) => (await findConfig(ctx.storage, name)) !== null,
    handle: async (ctx, { name, ...sent }) => {
      const { config, givenUp } = await saveConfig(ctx, name, sent as unknown as SentConfig)
      const inUrl = hasPasswordInUrl(config.details.connection_url) ? [PASSWORD_IN_URL] : []
      return emptyWith([...inUrl, ...givenUpWarnings(givenUp)])
    },
  }),
  remove('config/:name', {
    about: 'Forgets a connection; users that were made with it are left as they are.',
    params,
    handle: async (ctx, { name }) => {
      const { givenUp } = await ctx.storage.transaction((tx) => {
        tx.delete(configKey(name))
        return ctx.rotation.remove(tx, rootRotation, name)
      })
      return emptyWith(givenUpWarnings(givenUp))
    },
  }),
  write('reset/:name', {
    about: 'Ends the sessions of a connection; the next use opens new ones.',
    params,
    handle: async (ctx, { name }) => {
      await renew(ctx, name)
      return { empty: true }
    },
  }),
  write('reload/:plugin_name', {
    about: 'Resets every connection of a plugin.',
    params: { plugin_name: string('Name of the plugin.') },
    output: {
      connections: stringList('The connections that were reset.'),
      count: integer('How many they are.'),
    },
    handle: async (ctx, { plugin_name }) => {
      if (!databasePlugin(plugin_name)) throw unknownPlugin(plugin_name)
      const connections: string[] = []
      for (const name of await listNames(ctx.storage, 'config/', ALL)) {
        const found = await findConfig(ctx.storage, name)
        if (found?.config.pluginName !== plugin_name) continue
        await renew(ctx, name)
        connections.push(name)
      }
      return { data: { connections, count: connections.length } }
    },
  }),
]

const ALL = { after: undefined, limit: undefined }
const PASSWORD_IN_URL =
  'Password found in connection_url, use a templated url to enable root rotation and prevent read ' +
  'access to password information.'

/** Writes the same again: its new version makes every process open new sessions. */
async function renew(ctx: RequestContext, name: string): Promise<void> {
  await requireConfig(ctx.storage, name)
  await ctx.storage.transaction(async (tx) => {
    const { config } = await requireConfig(tx, name)
    tx.put(configKey(name), { json: config })
  })
}

const MOST_TRIES = 3

/** The connection is tried outside of any transaction; what changed meanwhile is merged and tried anew. */
async function saveConfig(
  ctx: RequestContext,
  name: string,
  sent: SentConfig,
): Promise<{ readonly config: ConfigRecord; readonly givenUp: GivenUp | null }> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const before = await findConfig(ctx.storage, name)
    const config = merged(before, sent, isJsonObject(ctx.body) ? ctx.body : {})
    const schedule = await rootSchedule(ctx, name, config, sent)
    await tryConnection(ctx, config, sent.verify_connection)
    const stored = await ctx.storage.transaction(async (tx) => {
      const now = fromEntry(await tx.get(configKey(name)))
      if (now?.version !== before?.version) return null
      const hasRotation = (await ctx.rotation.status(rootRotation, name, tx)) !== null
      // Somebody had our user rotated meanwhile: whether that may go on is looked at anew.
      if (hasRotation && !schedule) return null
      tx.put(configKey(name), { json: config })
      const isMoved = JSON.stringify(before?.config.details) !== JSON.stringify(config.details)
      const givenUp = schedule
        ? await putRootRotation(ctx, tx, name, config, schedule, isMoved)
        : null
      return { config, givenUp }
    })
    if (stored) return stored
  }
  throw unavailable('the connection was changed by others at the same time; try again')
}

/** null: our own user is rotated by hand only, and never was. Throws 400 where it can't be rotated. */
async function rootSchedule(
  ctx: RequestContext,
  name: string,
  config: ConfigRecord,
  sent: SentConfig,
): Promise<RotationSchedule | null> {
  const status = await ctx.rotation.status(rootRotation, name)
  const schedule = await automatedSchedule(sent, status?.schedule ?? null, ctx.clock.now())
  if (!status && !isAutomated(schedule)) return null
  const why = whyNotRotated(config)
  if (why !== null && isAutomated(schedule)) {
    throw badRequest(`the root credentials can't be rotated: ${why}`)
  }
  return schedule
}

function merged(before: StoredConfig | null, sent: SentConfig, body: JsonObject): ConfigRecord {
  const old = before?.config
  const pluginName = sent.plugin_name ?? old?.pluginName ?? ''
  if (pluginName === '') throw badRequest('empty plugin name')
  checkVersion(pluginName, sent.plugin_version ?? '')
  const details: Record<string, Json> = { ...old?.details }
  for (const name of Object.keys(body)) {
    if (!isEngineField(name)) setOwn(details, name, plainNumber(body[name] as Json))
  }
  return {
    pluginName,
    details,
    allowedRoles: sent.allowed_roles ?? old?.allowedRoles ?? [],
    rootRotationStatements: sent.root_rotation_statements ?? old?.rootRotationStatements ?? [],
    passwordPolicy: sent.password_policy ?? old?.passwordPolicy ?? '',
  }
}

const isAutomated = ({ periodSeconds, cron }: RotationSchedule): boolean =>
  periodSeconds > 0 || cron !== ''

function plainNumber(value: Json): Json {
  if (!(value instanceof RawNumber)) return value
  const number = Number(value.text)
  return Number.isSafeInteger(number) ? number : value.text
}

function checkVersion(pluginName: string, version: string): void {
  if (version === '') return
  if (!/^v?\d+(\.\d+)*(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.test(version)) {
    const named = JSON.stringify(version)
    throw badRequest(
      `version ${named} is not a valid semantic version: malformed version: ${version}`,
    )
  }
  throw unknownPlugin(pluginName, `v${version.replace(/^v/, '')}`)
}

async function tryConnection(
  ctx: RequestContext,
  config: ConfigRecord,
  isVerified: boolean,
): Promise<void> {
  const prefix = 'error creating database object: '
  const isSelfManaged = isTrue(config.details.self_managed)
  if (isSelfManaged && (config.details.username || config.details.password)) {
    throw badRequest(`${prefix}self_managed excludes username and password`)
  }
  if (!databasePlugin(config.pluginName)) throw unknownPlugin(config.pluginName)
  try {
    const { connection } = openConfig(ctx, config)
    try {
      if (isVerified && !isSelfManaged) await connection.verify(ctx.signal)
    } finally {
      await connection.close()
    }
  } catch (error) {
    const cause = error instanceof DatabaseError ? error : (error as Error).cause
    if (!(cause instanceof DatabaseError)) throw error
    const doing = cause.kind === 'settings' ? '' : 'error verifying connection: '
    throw badRequest(prefix + doing + cause.message, { cause })
  }
}
