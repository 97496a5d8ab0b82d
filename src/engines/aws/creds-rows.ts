// creds and sts: credentials of a role. Both paths give the same, except for roles that were written with
// the deprecated parameters, where creds/ gives users and sts/ sessions.
import { badRequest } from '../../base/errors.ts'
import { duration, string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { giveUser } from './iam-user.ts'
import { type CredentialType, type Role, readRole } from './role.ts'
import {
  assumeRole,
  federationToken,
  type SessionWish,
  sessionToken,
  sessionTtl,
} from './session.ts'

const { read, write } = endpoints()
const params = { name: string('Name of the role.', { required: true }) }

const input = {
  role_arn: string('Role to assume, where the role allows several.', { default: '' }),
  ttl: duration('Life of a session; a user lives as config/lease says.'),
  role_session_name: string('Name of the session of an assumed role.', { default: '' }),
  mfa_code: string('Code of the MFA device, for session tokens.', { default: '', secret: true }),
}

const output = {
  access_key: string('Access key id.'),
  arn: string('ARN of the session.'),
  secret_key: string('Secret access key.', { secret: true }),
  security_token: string('The session token, under its old name.', { secret: true }),
  session_token: string('Session token; null for users.', { secret: true }),
  ttl: duration('Seconds that the session lives.'),
}

type Path = 'creds' | 'sts'

const rowsOf = (path: Path) => {
  const about = 'Makes new credentials of a role.'
  const handle = (ctx: RequestContext, { name, ...wish }: SessionWish & { name: string }) =>
    give(ctx, path, name, wish)
  return [
    read(`${path}/:name`, { about, params, input, output, handle }),
    write(`${path}/:name`, { about, params, input, output, handle }),
  ]
}

export const credsRows = [...rowsOf('creds'), ...rowsOf('sts')]

async function give(
  ctx: RequestContext,
  path: Path,
  roleName: string,
  wish: SessionWish,
): Promise<Answer> {
  const role = await readRole(ctx.storage, roleName)
  if (!role) throw badRequest(`Role ${JSON.stringify(roleName)} not found`)
  const type = chosenType(role, path)
  if (type === 'iam_user') return giveUser(ctx, roleName, role)
  const of = { roleName, role, wish, ttlSeconds: sessionTtl(ctx, role, wish.ttl) }
  if (type === 'assumed_role') return assumeRole(ctx, of)
  return type === 'federation_token' ? federationToken(ctx, of) : sessionToken(ctx, of)
}

function chosenType(role: Role, path: Path): CredentialType {
  const [only] = role.credentialTypes
  if (!role.isLegacy) return only!
  const type =
    role.credentialTypes.length > 1 ? (path === 'creds' ? 'iam_user' : 'federation_token') : only!
  if ((type === 'iam_user') !== (path === 'creds')) {
    throw badRequest(
      `attempted to retrieve ${type} credentials through the ${path} path; this is not allowed for legacy roles`,
    )
  }
  return type
}
