// The options that all audit devices share, in Vault's names and with Vault's parsing (options are text).
import { badRequest } from '../../base/errors.ts'

export interface CommonOptions {
  readonly logRaw: boolean
  readonly hmacAccessor: boolean
  readonly elideListResponses: boolean
  readonly prefix: string
  /** Enables the device although it takes no line now. */
  readonly skipTest: boolean
}

/** Throws 400 where an option is malformed, or a prefix is given and the configuration doesn't allow it. */
export function parseCommonOptions(
  options: Readonly<Record<string, string>>,
  rules: { readonly allowPrefix: boolean },
): CommonOptions {
  const format = options.format ?? 'json'
  if (format !== 'json') throw badRequest(`unknown format type ${JSON.stringify(format)}`)
  if (options.prefix !== undefined && !rules.allowPrefix) {
    throw badRequest('audit log prefixing is not allowed')
  }
  const prefix = options.prefix ?? ''
  if (/[\r\n]/.test(prefix)) throw badRequest('prefix must not hold a line break')
  return {
    logRaw: parseBoolean(options.log_raw, false),
    hmacAccessor: parseBoolean(options.hmac_accessor, true),
    elideListResponses: parseBoolean(options.elide_list_responses, false),
    prefix,
    skipTest: options.skip_test === 'true',
  }
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** The spellings that Go's strconv.ParseBool takes. */
function parseBoolean(text: string | undefined, initial: boolean): boolean {
  if (text === undefined) return initial
  if (TRUE.has(text)) return true
  if (FALSE.has(text)) return false
  throw badRequest(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}
