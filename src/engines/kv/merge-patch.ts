// JSON merge patch (RFC 7386) on values that keep their numbers as written. Pure; neither input changes.
import { getOwn, isJsonObject, type Json, setOwn } from '../../base/json.ts'

/** `target` with `patch` applied: null removes a member, an object goes into its namesake, else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const merged: Record<string, Json> = {}
  if (isJsonObject(target)) {
    for (const name of Object.keys(target)) {
      if (getOwn(patch, name) !== null) setOwn(merged, name, target[name] as Json)
    }
  }
  for (const name of Object.keys(patch)) {
    const change = patch[name] as Json
    if (change !== null) setOwn(merged, name, mergePatch(getOwn(merged, name), change))
  }
  return merged
}
