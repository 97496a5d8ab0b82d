// Finds the row of an endpoint table that serves an operation on a path. Built once per table; a look-up
// walks segments and allocates nothing but the captures. Literals beat `:param` beats `*rest`.
import type { Operation, Row } from '../../sdk/endpoints.ts'

export interface Match<C> {
  readonly row: Row<C>
  readonly params: Readonly<Record<string, string>>
}

interface RestBranch<C> {
  /** Literal segments that must follow the captured rest. */
  readonly suffix: readonly string[]
  readonly row: Row<C>
}

interface Node<C> {
  readonly literals: Map<string, Node<C>>
  param: Node<C> | null
  /** Longest suffix first. */
  readonly rests: RestBranch<C>[]
  row: Row<C> | null
}

const newNode = <C>(): Node<C> => ({ literals: new Map(), param: null, rests: [], row: null })

export class RouteTable<C> {
  readonly rows: readonly Row<C>[]
  readonly #roots = new Map<Operation, Node<C>>()

  /** Throws when two rows claim the same operation and shape. */
  constructor(rows: readonly Row<C>[]) {
    this.rows = rows
    for (const row of rows) this.#insert(row)
  }

  #insert(row: Row<C>): void {
    let node = this.#roots.get(row.operation)
    if (!node) this.#roots.set(row.operation, (node = newNode()))
    const segments = row.pattern === '' ? [] : row.pattern.split('/')
    for (let at = 0; at < segments.length; at++) {
      const segment = segments[at]!
      if (segment.startsWith('*')) {
        const suffix = segments.slice(at + 1)
        if (node.rests.some((rest) => rest.suffix.join('/') === suffix.join('/'))) clash(row)
        node.rests.push({ suffix, row })
        node.rests.sort((a, b) => b.suffix.length - a.suffix.length)
        return
      }
      if (segment.startsWith(':')) node = node.param ??= newNode()
      else {
        let next = node.literals.get(segment)
        if (!next) node.literals.set(segment, (next = newNode()))
        node = next
      }
    }
    if (node.row) clash(row)
    node.row = row
  }

  /** `path` is decoded, below the mount, without a leading slash; a trailing slash counts for rests. */
  match(operation: Operation, path: string): Match<C> | null {
    const root = this.#roots.get(operation)
    if (!root) return null
    const captures: string[] = []
    const row = find(root, path, 0, captures)
    if (!row) return null
    const params: Record<string, string> = {}
    const names = captureNames(row.pattern)
    for (let at = 0; at < names.length; at++) params[names[at]!] = captures[at]!
    return { row, params }
  }

  /** Whether some operation is served there: absent is 404, a wrong operation 405. */
  operationsAt(path: string): readonly Operation[] {
    return [...this.#roots.keys()].filter((operation) => this.match(operation, path) !== null)
  }
}

function clash(row: { operation: string; pattern: string }): never {
  throw new Error(`two rows serve ${row.operation} ${row.pattern}`)
}

const namesOfPattern = new Map<string, readonly string[]>()

function captureNames(pattern: string): readonly string[] {
  let names = namesOfPattern.get(pattern)
  if (!names) {
    names = pattern
      .split('/')
      .filter((segment) => segment.startsWith(':') || segment.startsWith('*'))
      .map((segment) => segment.slice(1))
    namesOfPattern.set(pattern, names)
  }
  return names
}

function find<C>(node: Node<C>, path: string, start: number, captures: string[]): Row<C> | null {
  const isEnd = start >= path.length
  if (isEnd && node.row) return node.row
  if (!isEnd) {
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    const segment = path.slice(start, end)
    const literal = node.literals.get(segment)
    if (literal) {
      const row = find(literal, path, end + 1, captures)
      if (row) return row
    }
    if (node.param && segment !== '') {
      captures.push(segment)
      const row = find(node.param, path, end + 1, captures)
      if (row) return row
      captures.pop()
    }
  }
  return findRest(node, path, Math.min(start, path.length), captures)
}

function findRest<C>(
  node: Node<C>,
  path: string,
  start: number,
  captures: string[],
): Row<C> | null {
  for (const { suffix, row } of node.rests) {
    if (suffix.length === 0) {
      captures.push(path.slice(start))
      return row
    }
    const tail = suffix.join('/')
    const body = path.endsWith('/') ? path.slice(start, -1) : path.slice(start)
    if (body === tail) captures.push('')
    else if (body.endsWith(`/${tail}`)) captures.push(body.slice(0, -tail.length - 1))
    else continue
    return row
  }
  return null
}
