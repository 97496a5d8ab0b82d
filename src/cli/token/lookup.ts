// token lookup.
// API: auth/token/lookup, lookup-self and lookup-accessor.
import type { Client } from '../client.ts'
import { defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag } from '../flags.ts'
import { outputSecret } from '../output.ts'
import type { Secret } from '../secret.ts'

/** What the server knows of a token, of an accessor's token, or (token '') of the client's own. */
function lookUp(api: Client, token: string, isAccessor: boolean): Promise<Secret | null> {
  if (token === '') return api.secret('GET', 'auth/token/lookup-self')
  return isAccessor
    ? api.write('auth/token/lookup-accessor', toJson({ accessor: token }), 'POST')
    : api.write('auth/token/lookup', toJson({ token }), 'POST')
}

export const tokenLookup = defineCommand({
  name: 'token lookup',
  synopsis: 'Show what a token is',
  usage: '[options] [TOKEN | ACCESSOR]',
  about: ['Shows policies, life and origin of a token; of the current one if none is named.'],
  examples: [
    { does: 'The current token:', run: ['{} token lookup'] },
    { does: 'Another one by its accessor:', run: ['{} token lookup -accessor 9793c9b3-e04a-46f3'] },
  ],
  flags: {
    accessor: booleanFlag('The argument is an accessor. The answer then leaves the token out.'),
  },
  arity: { min: 0, max: null },
  async run({ ui, flags, args, client }) {
    const { accessor } = flags
    if (accessor && args.length < 1) {
      throw new Failure(1, `Not enough arguments with -accessor (expected 1, got ${args.length})`)
    }
    if (args.length > 1) {
      const expected = accessor ? 'with -accessor (expected 1' : '(expected 0-1'
      throw new Failure(1, `Too many arguments ${expected}, got ${args.length})`)
    }
    const api = await client()
    const token = (args[0] ?? '').trim()
    const secret = await attempt('Error looking up token', () => lookUp(api, token, accessor))
    if (!secret) throw new Failure(2, 'Error looking up token: there is no such token')
    return outputSecret(ui, secret)
  },
})
