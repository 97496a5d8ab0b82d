// A rule's `list_scan_response_keys_filter_path`: of a list, the caller sees the names alone that it may
// read (a folder: list). The template makes a path of each name; what it says beyond `.path` and `.key` is
// not understood, and then no name is shown. Source: OpenBao's policy documentation.
import type { Data } from '../../sdk/answer.ts'
import type { Acl } from './acl.ts'
import { decide } from './decide.ts'

export interface ListedPlace {
  /** Of the request's namespace; '' for root. */
  readonly namespacePath: string
  /** Of the request, within the namespace. */
  readonly path: string
}

/** The data of a list without the keys that the template's path is not allowed for. */
export function filterList(acl: Acl, template: string, place: ListedPlace, data: Data): Data {
  const keys = (data.keys as readonly string[]).filter((key) => {
    const path = pathOf(template, place.path, key)
    const operation = key.endsWith('/') ? 'list' : 'read'
    return path !== null && decide(acl, { operation, path: place.namespacePath + path }).allowed
  })
  const info = data.key_info as Readonly<Record<string, unknown>> | undefined
  if (info === undefined) return { keys }
  const shown = Object.entries(info).filter(([key]) => keys.includes(key))
  return { key_info: Object.fromEntries(shown), keys }
}

function pathOf(template: string, path: string, key: string): string | null {
  let isKnown = true
  const text = template.replace(/\{\{-?(.*?)-?\}\}/g, (_, inner: string) => {
    const name = inner.trim()
    if (name === '.path') return path
    if (name === '.key') return key
    isKnown = false
    return ''
  })
  return isKnown && !text.includes('{{') ? text : null
}
