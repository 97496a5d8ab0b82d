// gitleaks' TOML -> ScanConfig: rules, allowlists and extension, checked in the order and refused in the words of
// gitleaks 8.30 (its documentation and behaviour). Hostile text is bounded in size, depth and extension.
import { parse, TomlError } from 'smol-toml'
import { MAX_SCAN_CONFIG_BYTES } from '../../base/limits.ts'
import type { Allowlist, Rule, ScanConfig } from '../rule.ts'
import { ConfigError } from './config-error.ts'
import { extendConfig } from './extend-config.ts'
import { checkMinVersion } from './min-version.ts'
import { type RawAllowlist, readAllowlist, toAllowlist } from './read-allowlist.ts'
import { checkRules, readRules, validateRule } from './read-rules.ts'
import { DecodeErrors, Fields } from './toml-fields.ts'

export interface ConfigSurroundings {
  /** The text of a file that extend.path names, from the current folder; throws Error with why it can't be had. */
  readFile(path: string): string
  /** What `useDefault` extends. */
  defaultConfig(): ScanConfig
  /** A line of level warn, with its fields. */
  warn(message: string, fields: Readonly<Record<string, string>>): void
}

/** How often a configuration that is extended may extend another one in turn. */
const MOST_EXTENSIONS = 2
const MOST_DEPTH = 50

/** `path` is the file that the text came from, '' where there is none. Throws ConfigError. */
export function parseConfig(
  text: string,
  path: string,
  surroundings: ConfigSurroundings,
): ScanConfig {
  return new ConfigReader(surroundings).read(text, path, 0)
}

interface Extend {
  readonly path: string
  readonly useDefault: boolean
  readonly disabledRules: readonly string[]
}

class ConfigReader {
  private readonly surroundings: ConfigSurroundings
  /** The rules that `useDefault` brought in; among them readers, which have neither expression nor path. */
  private builtIn: ReadonlyMap<string, Rule> = new Map()

  constructor(surroundings: ConfigSurroundings) {
    this.surroundings = surroundings
  }

  read(text: string, path: string, depth: number): ScanConfig {
    const errors = new DecodeErrors()
    const fields = new Fields(parseToml(text), '', errors)
    const raw = {
      title: fields.text('Title'),
      description: fields.text('Description'),
      extend: readExtend(fields.fields('Extend')),
      rules: readRules(fields),
      older: fields.has('AllowList') ? readAllowlist(fields.fields('AllowList')) : null,
      allowlists: fields.list('Allowlists').map(readAllowlist),
      minVersion: fields.text('MinVersion'),
    }
    errors.settle()
    const rules = checkRules(raw.rules)
    checkMinVersion(raw.minVersion, path, this.surroundings.warn)
    const { global, targeted } = checkAllowlists(raw.older, raw.allowlists)
    const own: ScanConfig = { title: raw.title, path, rules, allowlists: global }
    const whole = depth < MOST_EXTENSIONS ? this.extend(own, raw.extend, depth) : own
    if (depth > 0) return whole
    for (const rule of whole.rules.values()) if (!this.isReader(rule)) validateRule(rule)
    return { ...whole, rules: withTargeted(whole.rules, targeted) }
  }

  private isReader({ id, regex, path }: Rule): boolean {
    const rule = this.builtIn.get(id)
    return rule?.regex === null && rule.path === null && regex === null && path === null
  }

  private extend(own: ScanConfig, extend: Extend, depth: number): ScanConfig {
    const { surroundings } = this
    if (extend.path !== '' && extend.useDefault) {
      throw new ConfigError(
        'load',
        'unable to load config due to extend.path and extend.useDefault being set',
      )
    }
    if (!extend.useDefault && extend.path === '') return own
    const lower = extend.useDefault
      ? surroundings.defaultConfig()
      : this.extended(extend.path, depth + 1)
    if (extend.useDefault) this.builtIn = lower.rules
    const name = extend.path === '' ? 'default' : extend.path
    const extension = { name, disabledRules: extend.disabledRules }
    return extendConfig(own, lower, extension, (message, fields) =>
      surroundings.warn(message, fields),
    )
  }

  private extended(path: string, depth: number): ScanConfig {
    try {
      return this.read(this.surroundings.readFile(path), path, depth)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      throw new ConfigError('load', `failed to load extended config, err: ${error.message}`)
    }
  }
}

function parseToml(text: string): unknown {
  if (text.length > MAX_SCAN_CONFIG_BYTES) {
    throw new ConfigError(
      'read',
      `While parsing config: larger than ${MAX_SCAN_CONFIG_BYTES / 1024 / 1024} MiB`,
    )
  }
  try {
    return parse(text, { maxDepth: MOST_DEPTH })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const what = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '')
    throw new ConfigError(
      'read',
      `While parsing config: toml: ${what} (line ${error.line}, column ${error.column})`,
    )
  }
}

const readExtend = (fields: Fields): Extend => ({
  path: fields.text('Path'),
  useDefault: fields.boolean('UseDefault'),
  disabledRules: fields.texts('DisabledRules'),
})

interface CheckedAllowlists {
  readonly global: readonly Allowlist[]
  /** By the rule for which alone they hold. */
  readonly targeted: ReadonlyMap<string, readonly Allowlist[]>
}

function checkAllowlists(
  older: RawAllowlist | null,
  allowlists: readonly RawAllowlist[],
): CheckedAllowlists {
  if (older && allowlists.length > 0) {
    throw new ConfigError(
      'load',
      '[allowlist] is deprecated, it cannot be used alongside [[allowlists]]',
    )
  }
  const global: Allowlist[] = []
  const targeted = new Map<string, Allowlist[]>()
  for (const raw of [...allowlists, ...(older ? [older] : [])]) {
    const list = toAllowlist(raw, '[[allowlists]]')
    if (raw.targetRules.length === 0) global.push(list)
    for (const id of raw.targetRules) targeted.set(id, [...(targeted.get(id) ?? []), list])
  }
  return { global, targeted }
}

function withTargeted(
  rules: ReadonlyMap<string, Rule>,
  targeted: CheckedAllowlists['targeted'],
): ReadonlyMap<string, Rule> {
  const all = new Map(rules)
  for (const [id, lists] of targeted) {
    const rule = all.get(id)
    if (!rule) {
      throw new ConfigError('load', `[[allowlists]] target rule ID '${id}' does not exist`)
    }
    all.set(id, { ...rule, allowlists: [...rule.allowlists, ...lists] })
  }
  return all
}
