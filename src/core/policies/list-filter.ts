// Filters what a list answers to the keys that the caller may read: a policy's
// list_scan_response_keys_filter_path makes of each listed key the path that is asked about. Its text may
// hold {{ .path }} and {{ .key }}; anything else of Go's templates is refused when the policy is written,
// since a filter that is not understood must not show more than it should.
import type { Data } from '../../sdk/answer.ts'
import type { Acl } from './acl.ts'
import { decide } from './decide.ts'

const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/g

/** null where the text is usable, else why not. */
export function listFilterFault(text: string): string | null {
  for (const [, action] of text.matchAll(ACTION)) {
    if (action !== '.path' && action !== '.key') {
      return `"{{ ${action} }}" is not known here; use {{ .path }} and {{ .key }}`
    }
  }
  return /\{\{|\}\}/.test(text.replace(ACTION, '')) ? 'an action is not closed' : null
}

/** `path` is the listed folder below the namespace, `prefix` the namespace's own path. */
export function filterKeys(
  acl: Acl,
  filter: string,
  of: { readonly prefix: string; readonly path: string },
  data: Data,
): Data {
  const { keys, key_info: info } = data as { keys?: unknown; key_info?: Data }
  if (!Array.isArray(keys)) return {}
  const kept = (keys as string[]).filter((key) => {
    const path = filter.replace(ACTION, (_, action) => (action === '.path' ? of.path : key))
    const operation = key.endsWith('/') ? 'list' : 'read'
    return decide(acl, { operation, path: of.prefix + path }).allowed
  })
  if (!info) return { keys: kept }
  const shown = kept.filter((key) => Object.hasOwn(info, key)).map((key) => [key, info[key]])
  return { keys: kept, key_info: Object.fromEntries(shown) }
}
