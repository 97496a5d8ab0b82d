// The data arguments of write, kv put and others: key=value, key=@file, key=\@text, key=- (standard input)
// and whole JSON objects as @file or -. A key that is repeated becomes a list.
import { readFileSync } from 'node:fs'
import { type Json, type JsonMap, JsonNumber, parseExactJson } from './exact-json.ts'
import { Failure, messageOf } from './failure.ts'
import { formatValue, quoteText } from './go-format.ts'
import type { StandardInput } from './standard-input.ts'

class Builder {
  readonly data: JsonMap = new Map()
  readonly #input: StandardInput
  #isInputUsed = false

  constructor(input: StandardInput) {
    this.#input = input
  }

  async #stdin(): Promise<string> {
    if (this.#isInputUsed) throw new Error('stdin already consumed')
    this.#isInputUsed = true
    return this.#input.readAll()
  }

  #merge(text: string): void {
    if (text.trim() === '') throw new Error('EOF: there is no JSON to read')
    const object = parseExactJson(text)
    if (!(object instanceof Map)) throw new Error('expected a JSON object')
    for (const [key, value] of object) this.data.set(key, value)
  }

  async add(raw: string): Promise<void> {
    if (raw === '') return
    const at = raw.indexOf('=')
    if (at < 0) {
      if (raw === '-') return this.#merge(await this.#stdin())
      if (raw.startsWith('@')) return this.#merge(readFileSync(raw.slice(1), 'utf8'))
      throw new Error('format must be key=value')
    }
    const key = raw.slice(0, at)
    const value = await this.#value(raw.slice(at + 1))
    const before = this.data.get(key)
    if (before === undefined) this.data.set(key, value)
    else this.data.set(key, Array.isArray(before) ? [...before, value] : [before, value])
  }

  async #value(text: string): Promise<string> {
    if (text.startsWith('@')) {
      try {
        return readFileSync(text.slice(1), 'utf8')
      } catch (error) {
        throw new Error(`error reading file: ${messageOf(error)}`)
      }
    }
    if (text.startsWith('\\@')) return text.slice(1)
    return text === '-' ? this.#stdin() : text
  }
}

/** The data of the arguments; `failing` begins the message about one that is malformed. */
export async function parseData(
  args: readonly string[],
  input: StandardInput,
  failing = 'Failed to parse K=V data',
): Promise<JsonMap> {
  const builder = new Builder(input)
  for (const arg of args) {
    try {
      await builder.add(arg)
    } catch (error) {
      const shown = arg.includes('=') ? arg.slice(0, arg.indexOf('=')) : arg
      const where = `invalid key/value pair ${quoteText(shown)}`
      throw new Failure(1, `${failing}: ${where}: ${messageOf(error)}`)
    }
  }
  return builder.data
}

function asText(value: Json): string {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? '1' : '0'
  return value instanceof JsonNumber ? value.text : formatValue(value)
}

/** The data as query parameters: every value as text, a list as repeated parameters. */
export function asQuery(data: JsonMap): Map<string, string[]> {
  const query = new Map<string, string[]>()
  for (const [key, value] of data) {
    query.set(key, Array.isArray(value) ? value.map(asText) : [asText(value)])
  }
  return query
}

/** The data with every value as text. */
export function asTexts(data: JsonMap): Map<string, string> {
  return new Map([...data].map(([key, value]) => [key, asText(value)]))
}
