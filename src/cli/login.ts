// login: trades credentials for a token and keeps it for the next commands. The token method checks a token
// that is given; other methods write what is given as K=V to their login path.
import { barePath, folderPath } from './api-paths.ts'
import type { Client } from './client.ts'
import { wrapText } from './columns.ts'
import { type CommandContext, defineCommand } from './command.ts'
import { asTexts, parseData } from './data-arguments.ts'
import { attempt, Failure, messageOf } from './failure.ts'
import { booleanFlag, stringFlag } from './flags.ts'
import { authenticate, type LoginRequest } from './login-methods.ts'
import { finishMfa, needsMfa } from './mfa.ts'
import { fieldOf, outputSecret, printField } from './output.ts'
import { type Secret, textOf } from './secret.ts'
import { tokenHelper } from './token-helper.ts'

const flags = {
  method: stringFlag('The type of the auth method, such as "userpass". Its path is -path.', {
    initial: 'token',
    completes: ['token', 'userpass', 'ldap', 'approle', 'jwt', 'cert', 'kubernetes', 'radius'],
  }),
  path: stringFlag('Where the method is enabled, if that is not its type.', {
    completes: 'auth-mounts',
  }),
  'no-store': booleanFlag('Do not keep the token for later commands; only print it.'),
  'no-print': booleanFlag('Do not print the token; only keep it.'),
  'token-only': booleanFlag('Print nothing but the token and do not keep it.'),
}
type Context = CommandContext<typeof flags>

async function requestOf(context: Context, method: string): Promise<LoginRequest> {
  let args = context.args
  const first = args[0] ?? ''
  if (method === 'token' && first !== '' && first !== '-' && !first.includes('=')) {
    args = [`token=${first}`, ...args.slice(1)]
  }
  if (method === 'token' && first === '-') args = ['token=-', ...args.slice(1)]
  const data = await parseData(args, context.input, 'Error parsing configuration')
  const config = asTexts(data)
  const mount = config.get('mount') || barePath(context.flags.path || folderPath(method))
  return { method, mount, config, ui: context.ui, input: context.input }
}

/** Follows wrapped answers to the token in them; one that is to stay wrapped is handed back. */
async function extractToken(
  client: Client,
  secret: Secret | null,
  mayUnwrap: boolean,
): Promise<Secret> {
  if (!secret) throw new Error('empty response from auth helper')
  if (secret.auth) return secret
  if (!secret.wrapInfo) throw new Error('no auth or wrapping info in response')
  if (textOf(secret.wrapInfo, 'wrapped_accessor') === '') {
    throw new Error('wrapped response does not contain a token')
  }
  if (!mayUnwrap) return secret
  client.token = textOf(secret.wrapInfo, 'token')
  return extractToken(client, await client.unwrap(''), mayUnwrap)
}

function warnOfEnvironment(context: Context): void {
  const { ui, env } = context
  if (env.read('TOKEN') === undefined) return
  const notice =
    `WARNING! The ${env.shown('TOKEN')} environment variable is set! It comes before the token that ` +
    'was just stored: unset it, or set it to the new token.'
  ui.warn(`${wrapText(notice)}\n`)
}

async function store(context: Context, secret: Secret): Promise<void> {
  try {
    await tokenHelper(context.env).store(textOf(secret.auth, 'client_token'))
  } catch (error) {
    context.ui.error(`Error storing token: ${messageOf(error)}`)
    const notice = 'The login worked, but the token could not be stored. It is shown below.'
    context.ui.error(`${wrapText(notice)}\n`)
    await outputSecret(context.ui, secret)
    throw new Failure(2, 'The token was not stored.')
  }
  warnOfEnvironment(context)
}

async function run(context: Context): Promise<number> {
  const { ui, env, common } = context
  const tokenOnly = context.flags['token-only']
  const noStore = context.flags['no-store'] || tokenOnly
  const noPrint = context.flags['no-print']
  if (noStore && noPrint) throw new Failure(1, '-no-store and -no-print cannot be used together')
  const method = barePath(context.flags.method) || 'token'
  const request = await requestOf(context, method)
  const client = context.clientWithoutToken()
  const answer = await attempt('Error authenticating', () => authenticate(client, request))
  const done = await finishMfa(context, client, answer)
  if (needsMfa(done)) {
    warnOfEnvironment(context)
    return outputSecret(ui, done!)
  }
  // Only the login itself was to be wrapped, not what unwraps it.
  client.wrapTtl = ''
  const secret = await attempt('Error extracting token', () => extractToken(client, done, !noStore))
  if (!secret.auth) {
    return tokenOnly
      ? printField(ui, fieldOf(secret, 'wrapping_token'), 'wrapping_token')
      : outputSecret(ui, secret)
  }
  if (!noStore) await store(context, secret)
  else if (!tokenOnly) {
    const notice = `The token was not stored. Set ${env.shown('TOKEN')} to it, or pass it with each request.`
    ui.warn(`${wrapText(notice)}\n`)
  }
  if (noPrint) return 0
  const field = tokenOnly ? 'token' : common.field
  if (field !== '') return printField(ui, fieldOf(secret, field), field)
  if (ui.format === 'table') {
    const notice =
      'Success! You are now authenticated. The token below is already stored: later commands use it ' +
      'by themselves, and there is no need to log in again.'
    ui.out(`${wrapText(noStore ? 'Success! You are now authenticated.' : notice)}\n`)
  }
  return outputSecret(ui, secret)
}

export const login = defineCommand({
  name: 'login',
  synopsis: 'Log in',
  usage: '[options] [AUTH K=V...]',
  about: [
    'Logs a person or a machine in and keeps the token for later commands. The default method checks a token ' +
      'that is given or asked for; "-" reads it from standard input.',
    'Other methods take what they need as K=V and write it to their login path; for userpass, ldap and radius ' +
      'the name is given as username and the password is asked for.',
    'With -wrap-ttl the answer is wrapped and unwrapped again here, unless -token-only or -no-store is given: ' +
      'those print the wrapping token.',
  ],
  examples: [
    { does: 'With a token that is asked for:', run: ['{} login'] },
    { does: 'As a user:', run: ['{} login -method=userpass username=ada'] },
    {
      does: 'As a program:',
      run: ['{} login -method=approle role_id=@role_id secret_id=@secret_id'],
    },
    { does: 'At another path:', run: ['{} login -method=ldap -path=corp username=ada'] },
    {
      does: 'Only the token, for a script:',
      run: ['{} login -token-only -method=userpass username=ci'],
    },
  ],
  output: ['field', 'format'],
  flags,
  arity: { min: 0, max: null },
  run,
})
