// subkeys/<path>: the shape of a secret with every value taken out.
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  RawJson,
  setOwn,
} from '../../base/json.ts'
import { integer, object } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { pathParam, ROOT_ANSWER } from './path-answers.ts'
import { readVersion } from './read-version.ts'

const { read } = endpoints()

export const subkeysRows = [
  read('subkeys/*path', {
    about: 'Shows the names inside a secret, without their values.',
    effects: false,
    params: pathParam,
    input: {
      depth: integer('How many levels to show; 0: all.', { default: 0 }),
      version: integer('The version; absent or 0: the current one.'),
    },
    output: {
      metadata: object('The facts of the version.'),
      subkeys: object('The names; null stands for every value.'),
    },
    handle: async (ctx, { path, depth, version }) => {
      if (path === '') return ROOT_ANSWER
      const found = await readVersion(ctx.storage, path, version, ctx.clock.now())
      if (found === null) return { empty: true }
      const metadata = new RawJson(found.metadata)
      if (found.data === null) return { data: { metadata, subkeys: null }, status: 404 }
      const data = parseJson(found.data)
      return { data: { metadata, subkeys: isJsonObject(data) ? namesOf(data, depth, 1) : null } }
    },
  }),
]

/** Objects with members stay, down to `depth` levels (0: all); everything else becomes null. */
function namesOf(data: JsonObject, depth: number, level: number): JsonObject {
  const names: Record<string, Json> = {}
  const goesDeeper = depth === 0 || level < depth
  for (const name of Object.keys(data)) {
    const member = data[name] as Json
    const isInner = goesDeeper && isJsonObject(member) && Object.keys(member).length > 0
    setOwn(names, name, isInner ? namesOf(member, depth, level + 1) : null)
  }
  return names
}
