// What of a KV mount leak scanners are to recognize: the texts in the data of every version that is kept, of
// either version of the engine.
import { isJsonObject, type Json, parseJson } from '../../base/json.ts'
import type { LiveSecretSource, LiveValue } from '../../sdk/live-secrets.ts'
import { decodeEntry } from './entry-format.ts'
import { firstKept, goneAtMs, isGoneAt } from './key-record.ts'
import { SECRET_PREFIX, secretKey, versionKey } from './secret-path.ts'

/** Texts of one version: a document with more is no secret. */
const MOST_TEXTS = 500

export const kvLiveSecrets: LiveSecretSource = {
  folder: SECRET_PREFIX,
  apiPath: (mount, name) => (mount.mount.options.version === '2' ? `data/${name}` : name),
  async read(mount, name) {
    const entry = await mount.storage.get(secretKey(name))
    if (entry === null) return []
    const { record, place, data } = decodeEntry(entry.text())
    const isVersioned = mount.mount.options.version === '2'
    const nowMs = mount.clock.now()
    const out: LiveValue[] = []
    for (const [at, facts] of record.versions.entries()) {
      const version = firstKept(record) + at
      const isCurrent = version === record.currentVersion
      if (facts.destroyed || (isGoneAt(goneAtMs(facts), nowMs) && !isCurrent)) continue
      const text =
        isCurrent && place === 'here'
          ? data
          : (await mount.storage.get(versionKey(record.id, version)))?.text()
      if (text === undefined || text === '') continue
      const texts = textsOf(parseJson(text), '')
      const shown = isVersioned ? version : 0
      const isLive = isCurrent && !isGoneAt(goneAtMs(facts), nowMs)
      for (const [key, value] of texts) out.push({ key, version: shown, isCurrent: isLive, value })
    }
    return out
  },
}

/** The texts in a JSON value, with the names that lead to them. */
function textsOf(value: Json, path: string, out: [string, string][] = []): [string, string][] {
  if (out.length >= MOST_TEXTS) return out
  if (typeof value === 'string') out.push([path, value])
  else if (Array.isArray(value))
    for (const [at, one] of value.entries()) textsOf(one, `${path}[${at}]`, out)
  else if (isJsonObject(value)) {
    for (const [name, one] of Object.entries(value))
      textsOf(one, path === '' ? name : `${path}.${name}`, out)
  }
  return out
}
