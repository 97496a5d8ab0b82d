// Values of a TOML document read as the fields of a shape, as loosely as gitleaks reads them: names in any case, numbers
// and booleans as text and the other way round, one value for a list of one, text with commas for a list of texts. All
// that doesn't fit is gathered and said at once.
import { ConfigError } from './config-error.ts'

type Table = ReadonlyMap<string, unknown>

export class DecodeErrors {
  private readonly messages: string[] = []

  add(message: string): void {
    this.messages.push(message)
  }

  /** Throws where anything was added. */
  settle(): void {
    if (this.messages.length === 0) return
    const lines = [...this.messages].sort().map((message) => `* ${message}`)
    throw new ConfigError('load', `${lines.length} error(s) decoding:\n\n${lines.join('\n')}`)
  }
}

/** Fields of one table, by their names in lower case. */
export class Fields {
  private readonly table: Table
  private readonly prefix: string
  private readonly errors: DecodeErrors

  constructor(value: unknown, path: string, errors: DecodeErrors) {
    const table = tableOf(value)
    if (!table) errors.add(`'${path}' expected a map, got '${kindOf(value)}'`)
    this.table = table ?? new Map()
    this.prefix = path === '' ? '' : `${path}.`
    this.errors = errors
  }

  has(name: string): boolean {
    return this.table.has(name.toLowerCase())
  }

  text(name: string): string {
    return this.has(name) ? this.asText(this.value(name), this.prefix + name) : ''
  }

  texts(name: string): string[] {
    return this.items(name).map((item, i) => this.asText(item, `${this.prefix}${name}[${i}]`))
  }

  boolean(name: string): boolean {
    const value = this.value(name)
    if (value === undefined || value === '') return false
    if (typeof value === 'boolean') return value
    if (typeof value === 'number') return value !== 0
    if (typeof value === 'string') {
      if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true
      if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false
      return this.refuse(
        false,
        `cannot parse '${this.prefix}${name}' as bool: ${syntax('Bool', value)}`,
      )
    }
    return this.unfit(false, this.prefix + name, 'bool', value)
  }

  integer(name: string): number {
    return Math.trunc(this.numeric(name, 'int', INTEGER))
  }

  /** Null where the field is absent. */
  integerOrNull(name: string): number | null {
    return this.has(name) ? this.integer(name) : null
  }

  float(name: string): number {
    return this.numeric(name, 'float64', FLOAT)
  }

  /** The table of a field; an empty one where it is absent. */
  fields(name: string): Fields {
    return new Fields(this.has(name) ? this.value(name) : {}, this.prefix + name, this.errors)
  }

  /** The tables of a list. */
  list(name: string): Fields[] {
    return this.items(name).map(
      (item, i) => new Fields(item, `${this.prefix}${name}[${i}]`, this.errors),
    )
  }

  private value(name: string): unknown {
    return this.table.get(name.toLowerCase())
  }

  private items(name: string): readonly unknown[] {
    const value = this.value(name)
    if (value === undefined || value === '') return []
    if (Array.isArray(value)) return value
    if (typeof value === 'string') return value.split(',')
    return tableOf(value)?.size === 0 ? [] : [value]
  }

  private numeric(name: string, type: string, pattern: RegExp): number {
    const value = this.value(name)
    if (value === undefined || value === '') return 0
    if (typeof value === 'number') return value
    if (typeof value === 'boolean') return value ? 1 : 0
    const path = this.prefix + name
    if (typeof value === 'string') {
      if (pattern.test(value)) return Number(value.replace(/_/g, ''))
      const [word, parser] = type === 'int' ? ['int', 'Int'] : ['float', 'Float']
      return this.refuse(0, `cannot parse '${path}' as ${word}: ${syntax(parser!, value)}`)
    }
    return this.unfit(0, path, type, value)
  }

  private asText(value: unknown, path: string): string {
    if (typeof value === 'string') return value
    if (typeof value === 'boolean') return value ? '1' : '0'
    if (typeof value === 'number') return String(value)
    return this.unfit('', path, 'string', value)
  }

  private unfit<T>(otherwise: T, path: string, type: string, value: unknown): T {
    const message = `'${path}' expected type '${type}', got unconvertible type '${kindOf(value)}'`
    return this.refuse(otherwise, message)
  }

  private refuse<T>(otherwise: T, message: string): T {
    this.errors.add(message)
    return otherwise
  }
}

const INTEGER = /^[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:_[0-9]+)*)$/
const FLOAT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

const syntax = (parser: string, value: string): string =>
  `strconv.Parse${parser}: parsing ${JSON.stringify(value)}: invalid syntax`

function tableOf(value: unknown): Table | null {
  if (kindOf(value) !== 'map') return null
  // A table's own names only: "__proto__" is a name as any other.
  return new Map(Object.entries(value as object).map(([name, of]) => [name.toLowerCase(), of]))
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return value instanceof Date ? 'struct' : 'map'
}
