// token renew.
// API: auth/token/renew, renew-self and renew-accessor.
import { defineCommand } from '../command.ts'
import { type JsonLike, toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, durationFlag } from '../flags.ts'
import { SECOND } from '../go-format.ts'
import { outputSecret } from '../output.ts'

/** Whole seconds of a flag in nanoseconds; 0 for less than one. */
export function wholeSeconds(nanoseconds: number): number {
  return Math.max(0, Math.trunc(nanoseconds / SECOND))
}

export const tokenRenew = defineCommand({
  name: 'token renew',
  synopsis: 'Renew a token',
  usage: '[options] [TOKEN]',
  about: [
    'Makes a token live longer, up to its maximum. Without an argument the current token is renewed.',
  ],
  examples: [
    { does: 'The current token:', run: ['{} token renew'] },
    { does: 'For half an hour, if that is allowed:', run: ['{} token renew -increment=30m'] },
  ],
  flags: {
    accessor: booleanFlag('The argument is an accessor. The answer then leaves the token out.'),
    increment: durationFlag('How long to renew for; the server may decide otherwise.', {
      aliases: ['i'],
    }),
  },
  arity: { min: 0, max: 1, expected: '1' },
  async run({ ui, flags, args, client }) {
    const api = await client()
    const token = (args[0] ?? '').trim()
    const increment = wholeSeconds(flags.increment)
    const [path, body, method]: [string, JsonLike, 'PUT' | 'POST'] =
      token === ''
        ? ['auth/token/renew-self', { increment }, 'PUT']
        : flags.accessor
          ? ['auth/token/renew-accessor', { accessor: token, increment }, 'POST']
          : ['auth/token/renew', { token, increment }, 'PUT']
    const secret = await attempt('Error renewing token', () =>
      api.write(path, toJson(body), method),
    )
    if (!secret) throw new Failure(2, 'Error renewing token: the server sent an empty answer')
    return outputSecret(ui, secret)
  },
})
