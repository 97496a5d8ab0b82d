// The functions of Vault's `username_template` and other name templates, and the one call that engines make with
// them. Semantics: Vault's username templating page; lengths count bytes. Randomness and clock are the request's.
import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { byteStringOf, bytesOf, mapRunes } from './byte-strings.ts'
import { decodeBase64, decodeHex } from './decode-text.ts'
import { matchesGlob } from './glob-match.ts'
import { formatTime, GoTime, UTC } from './go-time.ts'
import type { FunctionTable } from './go-values.ts'
import { lowerRune, upperRune } from './runes.ts'
import { parseTemplate, type Template } from './template.ts'
import { FunctionError, TemplateError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

/** What the functions draw from: a request's context has both. */
export interface NameSources {
  readonly random: Random
  readonly clock: Clock
}

const BASE62 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const MOST_RANDOM = 4096

/** Characters of [0-9a-zA-Z], each equally likely. */
export function randomBase62(random: Random, length: number): string {
  let out = ''
  while (out.length < length) {
    for (const byte of random.bytes(Math.max(8, (length - out.length) * 2))) {
      // 248 is the largest multiple of 62 in a byte: what is above would favour the first characters.
      if (byte < 248 && out.length < length) out += BASE62[byte % 62]
    }
  }
  return out
}

const sha256 = (text: string): string => createHash('sha256').update(bytesOf(text)).digest('hex')

function lengthOf(value: unknown): number {
  return Number(value as bigint)
}

function truncate(most: number, text: string): string {
  if (most <= 0) throw new FunctionError(`max length must be > 0 but was ${most}`)
  return text.slice(0, most)
}

function truncateSha256(most: number, text: string): string {
  if (most <= 8) throw new FunctionError(`max length must be > 8 but was ${most}`)
  if (text.length <= most) return text
  return text.slice(0, most - 8) + sha256(text.slice(most - 8)).slice(0, 8)
}

function random(sources: NameSources, length: number): string {
  if (length < 0) throw new FunctionError('length must be >= 0')
  if (length > MOST_RANDOM) throw new FunctionError(`length must be <= ${MOST_RANDOM}`)
  return randomBase62(sources.random, length)
}

/** The functions by name, drawing from these sources whenever a template is rendered. */
export function usernameFunctions(sources: NameSources): FunctionTable {
  const { clock } = sources
  const text = (change: (of: string) => string) =>
    goFunction('string', ([of]) => change(of as string))
  return functionTable({
    random: goFunction('int', ([length]) => random(sources, lengthOf(length))),
    truncate: goFunction('int, string', ([most, of]) => truncate(lengthOf(most), of as string)),
    truncate_sha256: goFunction('int, string', ([most, of]) =>
      truncateSha256(lengthOf(most), of as string),
    ),
    uppercase: text((of) => mapRunes(of, upperRune)),
    lowercase: text((of) => mapRunes(of, lowerRune)),
    replace: goFunction('string, string, string', ([find, put, of], rendering) => {
      const parts = (of as string).split(find as string)
      rendering.room((of as string).length + parts.length * (put as string).length)
      return (of as string).replaceAll(find as string, () => put as string)
    }),
    sha256: text(sha256),
    base64: text((of) => bytesOf(of).toString('base64')),
    decode_base64: text((of) => byteStringOf(decodeBase64(of))),
    hex: text((of) => bytesOf(of).toString('hex')),
    decode_hex: text((of) => byteStringOf(decodeHex(of))),
    unix_time: goFunction('', () => String(Math.floor(clock.now() / 1000))),
    unix_time_millis: goFunction('', () => String(clock.now())),
    timestamp: goFunction('string', ([layout]) =>
      formatTime(GoTime.ofMs(clock.now(), UTC), layout as string),
    ),
    uuid: goFunction('', () => sources.random.uuid()),
    glob: goFunction('string, string', ([pattern, of]) =>
      matchesGlob(pattern as string, of as string),
    ),
  })
}

/** Parses a name template; use it when a configuration is written, so that a bad one is refused then. */
export function parseUsernameTemplate(text: string, sources: NameSources): Template {
  if (text === '') throw new TemplateError('missing template')
  try {
    return parseTemplate(text, { functions: usernameFunctions(sources) })
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new TemplateError(`unable to parse template: ${error.message}`)
  }
}

/**
 * A name made from a template, for example with data { DisplayName, RoleName }. Throws TemplateError, in Vault's words
 * ("unable to parse template: ...", "unable to apply template: ..."). Parsing costs some 20 microseconds: nothing has
 * to be kept between requests.
 */
export function renderUsername(
  text: string,
  data: Readonly<Record<string, unknown>>,
  sources: NameSources,
): string {
  const template = parseUsernameTemplate(text, sources)
  try {
    return template.render(data)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new TemplateError(`unable to apply template: ${error.message}`)
  }
}
