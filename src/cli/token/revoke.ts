// token revoke.
// API: auth/token/revoke, revoke-self, revoke-orphan, revoke-accessor; sys/leases/revoke-prefix.
import { type CommandContext, defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag, stringFlag } from '../flags.ts'

const flags = {
  accessor: booleanFlag('The argument is an accessor.'),
  self: booleanFlag('Revoke the current token.'),
  mode: stringFlag(
    'Without it the token and all its children are revoked. "orphan" leaves the children as orphans. ' +
      '"path" takes the argument for an auth path and revokes all tokens that were made there.',
    { completes: ['orphan', 'path'] },
  ),
}

function check(context: CommandContext<typeof flags>): void {
  const { self, accessor, mode } = context.flags
  const count = context.args.length
  const fail = (message: string): never => {
    throw new Failure(1, message)
  }
  if (!['', 'orphan', 'path'].includes(mode)) fail(`Invalid mode: ${mode}`)
  if (self && count > 0) fail(`Too many arguments with -self (expected 0, got ${count})`)
  if (!self && count > 1) fail(`Too many arguments (expected 1 or -self, got ${count})`)
  if (!self && count < 1) fail(`Not enough arguments (expected 1 or -self, got ${count})`)
  if (self && accessor) fail('Cannot use -self with -accessor!')
  if (self && mode !== '') fail('Cannot use -self with -mode!')
  if (accessor && mode !== '') fail(`Cannot use -accessor with -mode=${mode}!`)
}

export const tokenRevoke = defineCommand({
  name: 'token revoke',
  synopsis: 'Revoke a token and its children',
  usage: '[options] [TOKEN | ACCESSOR]',
  about: ['Revokes a token, and with it all tokens that it created, unless -mode says otherwise.'],
  examples: [
    { does: 'The current token:', run: ['{} token revoke -self'] },
    {
      does: 'By accessor:',
      run: ['{} token revoke -accessor 9793c9b3-e04a-46f3-e7b8-748d7da248da'],
    },
    { does: 'All tokens of a login path:', run: ['{} token revoke -mode=path auth/userpass'] },
  ],
  output: [],
  flags,
  arity: { min: 0, max: null },
  async run(context) {
    check(context)
    const { self, accessor, mode } = context.flags
    const api = await context.client()
    const token = (context.args[0] ?? '').trim()
    const request = (method: 'PUT' | 'POST', path: string, body: Record<string, string>) =>
      attempt('Error revoking token', () => api.request(method, path, { body: toJson(body) }))
    if (self) await request('PUT', 'auth/token/revoke-self', {})
    else if (accessor) await request('POST', 'auth/token/revoke-accessor', { accessor: token })
    else if (mode === 'orphan') await request('PUT', 'auth/token/revoke-orphan', { token })
    else if (mode === 'path') await request('PUT', `sys/leases/revoke-prefix/${token}`, {})
    else await request('PUT', 'auth/token/revoke', { token })
    context.ui.out('Success! Revoked token (if it existed)')
    return 0
  },
})
