// The option elide_list_responses: a list's answer shows how many entries it had, not which. Only the two
// members that lists conventionally have are counted; anything else in the answer stays.
import { isJsonObject, parseJson, RawJson } from '../../base/json.ts'

/** The data of a list's answer with `keys` and `key_info` replaced by their counts. */
export function elideList(data: unknown): unknown {
  const object: unknown = data instanceof RawJson ? parseJson(data.text) : data
  if (!isJsonObject(object)) return data
  const { keys, key_info: info } = object
  return {
    ...object,
    ...(Array.isArray(keys) ? { keys: keys.length } : {}),
    ...(isJsonObject(info) ? { key_info: Object.keys(info).length } : {}),
  }
}
