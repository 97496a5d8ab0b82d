// An endpoint is one row of data: from it come routing, validation, OpenAPI, path-help, CLI help and the
// reference page. Patterns are segments, never regular expressions, so that all of this can be derived.
//
// A pattern: literals beat `:param` beats one `*rest`. `*rest` takes zero or more segments, slashes
// included, and literals may follow it ('mounts/*path/tune').
import type { FieldType } from '../schema/field.ts'
import type { Fields, Parsed, ParsedParams } from '../schema/parse-fields.ts'
import type { Answer } from './answer.ts'
import type { RequestContext } from './context.ts'

export type Operation = 'read' | 'write' | 'patch' | 'remove' | 'list' | 'scan' | 'head'

export interface RowOptions {
  /** One sentence: what the call does. */
  readonly about: string
  /** Longer text for path-help. */
  readonly help?: string
  /** 'token' unless said otherwise; 'sudo' also demands the sudo capability. */
  readonly auth?: 'token' | 'none' | 'sudo'
  /** Served while sealed; such a row must not touch storage through its mount. */
  readonly whenSealed?: boolean
  /**
   * False: the call changes nothing, so that its two audit lines may be written together. A call that
   * `exists` makes a create of counts as one with effects all the same.
   */
  readonly effects?: boolean
  /** How the body is read; 'free' hands the whole JSON object over as ctx.body. */
  readonly body?: 'json' | 'form' | 'free' | 'bytes' | 'mergePatch'
  readonly maxBodyBytes?: number
  /** 'both' repeats data at the top level, as sys does; 'none' sends data bare. */
  readonly envelope?: 'standard' | 'both' | 'none'
  /** Also served while the namespace is locked. */
  readonly servesLocked?: boolean
  /** Served in the root namespace only: elsewhere the path is unsupported. */
  readonly rootOnly?: boolean
  /** False: writes no audit line (health, seal status, unseal). */
  readonly audit?: false
  /** The server is sealed when the handler answers: the answer has no audit line. */
  readonly seals?: true
  /** Not shown in OpenAPI and help. */
  readonly hidden?: boolean
  readonly deprecated?: boolean
  /**
   * The pattern ends in `*rest`, which is data and no path: encoded slashes and empty segments in it are taken
   * (OCSP's GET). Everywhere else they are refused.
   */
  readonly encoded?: boolean
}

type Values<P extends Fields, I extends Fields> = ParsedParams<P> & Parsed<I>

export interface RowDefinition<C, P extends Fields, I extends Fields> extends RowOptions {
  readonly params?: P
  readonly input?: I
  /** The keys of data; an undeclared one fails tests. Absent: not declared (free data). */
  readonly output?: Fields
  /** For writes: is the thing there already? Decides create or update; sees the params only. */
  exists?(ctx: C, params: ParsedParams<P>): Promise<boolean>
  handle(ctx: C, values: Values<P, I>): Promise<Answer>
}

/** A row as the router sees it, its types erased once it was checked. */
export interface Row<C = RequestContext> extends RowOptions {
  readonly operation: Operation
  readonly pattern: string
  readonly params: Fields
  readonly input: Fields
  readonly output: Fields | null
  readonly exists: ((ctx: C, params: never) => Promise<boolean>) | null
  readonly handle: (ctx: C, values: never) => Promise<Answer>
}

type Define<C> = <P extends Fields = Record<never, never>, I extends Fields = Record<never, never>>(
  pattern: string,
  definition: RowDefinition<C, P, I>,
) => Row<C>

/** The makers of rows, for handlers that are given a context of type C. */
export function endpoints<C = RequestContext>(): Readonly<Record<Operation, Define<C>>> {
  const define =
    (operation: Operation): Define<C> =>
    (pattern, definition) => {
      assertPattern(pattern, definition.params ?? {})
      if (definition.encoded && !/\*[^/]+$/.test(pattern))
        throw new Error(`pattern ${pattern}: is encoded and has no *rest at its end`)
      return {
        ...definition,
        operation,
        pattern,
        params: definition.params ?? {},
        input: definition.input ?? {},
        output: definition.output ?? null,
        exists: (definition.exists as Row<C>['exists'] | undefined) ?? null,
        handle: definition.handle as Row<C>['handle'],
      }
    }
  return {
    read: define('read'),
    write: define('write'),
    patch: define('patch'),
    remove: define('remove'),
    list: define('list'),
    scan: define('scan'),
    head: define('head'),
  }
}

/** A table must be right before it serves: each capture has its param and the other way round. */
function assertPattern(pattern: string, params: Fields): void {
  const captures = pattern
    .split('/')
    .filter((segment) => segment.startsWith(':') || segment.startsWith('*'))
    .map((segment) => segment.slice(1))
  const declared = Object.keys(params)
  const missing = captures.filter((name) => !declared.includes(name))
  const extra = declared.filter((name) => !captures.includes(name))
  if (missing.length + extra.length > 0 || new Set(captures).size !== captures.length) {
    throw new Error(`pattern ${pattern}: params don't match (${[...missing, ...extra].join(', ')})`)
  }
  if (pattern.split('/').filter((segment) => segment.startsWith('*')).length > 1) {
    throw new Error(`pattern ${pattern}: more than one *rest`)
  }
}

/** OpenAPI's type of a field type. */
export const openApiType: Readonly<Record<FieldType, string>> = {
  string: 'string',
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  duration: 'integer',
  signedDuration: 'integer',
  time: 'string',
  list: 'array',
  intList: 'array',
  pairs: 'object',
  object: 'object',
  json: 'object',
}
