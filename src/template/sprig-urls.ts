// sprig's urlParse and urlJoin: a URL as a dictionary of its parts, and back.
import { DICT } from './go-types.ts'
import { hostName, parseUrl, urlText, userText } from './go-url.ts'
import { type FunctionTable, GoMap, type GoValue, kindOf } from './go-values.ts'
import { FunctionError } from './template-error.ts'
import { functionTable, goFunction } from './template-functions.ts'

function attempt<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    throw new FunctionError(`${what}: ${error.message}`)
  }
}

function parts(text: string): GoMap {
  const url = attempt('unable to parse url', () => parseUrl(text))
  const entries: [string, GoValue][] = [
    ['scheme', url.scheme],
    ['host', url.host],
    ['hostname', hostName(url.host)],
    ['path', url.path],
    ['query', url.query],
    ['opaque', url.opaque],
    ['fragment', url.fragment],
    ['userinfo', userText(url.user)],
  ]
  return new GoMap(DICT, new Map(entries))
}

function joined(of: GoMap): string {
  const part = (key: string): string => {
    if (!of.entries.has(key)) return ''
    const value = of.entries.get(key)
    if (typeof value === 'string') return value
    throw new FunctionError(
      value === null || value === undefined
        ? 'runtime error: invalid memory address or nil pointer dereference'
        : `unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`,
    )
  }
  const userinfo = part('userinfo')
  const user =
    userinfo === ''
      ? null
      : attempt('unable to parse userinfo in dict', () => parseUrl(`proto://${userinfo}@host`).user)
  return urlText({
    scheme: part('scheme'),
    host: part('host'),
    path: part('path'),
    rawPath: '',
    query: part('query'),
    isQueryForced: false,
    opaque: part('opaque'),
    fragment: part('fragment'),
    user,
  })
}

export const URL_FUNCTIONS: FunctionTable = functionTable({
  urlParse: goFunction('string', ([text]) => parts(text as string)),
  urlJoin: goFunction('dict', ([of]) => joined(of as GoMap)),
})
