// sprig's functions on paths with slashes; those of the operating system are the same, as on Unix.
import type { FunctionTable } from './go-values.ts'
import { functionTable, goFunction } from './template-functions.ts'

/** The shortest path that means the same; "." for none. */
export function cleanPath(path: string): string {
  const isRooted = path.startsWith('/')
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!isRooted) kept.push(part)
  }
  const joined = kept.join('/')
  return isRooted ? `/${joined}` : joined || '.'
}

function basePath(path: string): string {
  if (path === '') return '.'
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  return end === 0 ? '/' : path.slice(path.lastIndexOf('/', end - 1) + 1, end)
}

const directory = (path: string): string => cleanPath(path.slice(0, path.lastIndexOf('/') + 1))

function extension(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot)
}

const text = (change: (path: string) => string | boolean) =>
  goFunction('string', ([path]) => change(path as string))
const [base, clean, dir, ext] = [text(basePath), text(cleanPath), text(directory), text(extension)]
const isAbs = text((path) => path.startsWith('/'))

export const PATH_FUNCTIONS: FunctionTable = functionTable({
  base,
  clean,
  dir,
  ext,
  isAbs,
  osBase: base,
  osClean: clean,
  osDir: dir,
  osExt: ext,
  osIsAbs: isAbs,
})
