// Credentials of STS: an assumed role, a federation token, a session token. AWS ends them at their time and
// can't take them back, so their lease only tells how long they live and is not renewable.
// API: https://docs.aws.amazon.com/STS/latest/APIReference/
import type { Credentials } from '@aws-sdk/client-sts'
import { badRequest } from '../../base/errors.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { leaseKind } from '../../sdk/lease.ts'
import { type AwsClients, awsClients, callAws, callSts } from './aws-clients.ts'
import { combineDocuments, groupPolicies } from './policy-documents.ts'
import type { Role } from './role.ts'
import { readRoot } from './root-config.ts'
import { makeUsername, normalizeName } from './username.ts'

/** What a caller may say beside the role's name. */
export interface SessionWish {
  readonly role_arn: string
  readonly ttl: number | undefined
  readonly role_session_name: string
  readonly mfa_code: string
}

interface SessionOf {
  readonly roleName: string
  readonly role: Role
  readonly wish: SessionWish
  readonly ttlSeconds: number
}

export const stsSession = leaseKind<{ readonly name: string }>('sts', { revoke: async () => {} })

const DEFAULT_TTL_SECONDS = 3600

/** What is asked for, else the role's default, capped by the role's and the mount's longest. */
export function sessionTtl(ctx: RequestContext, role: Role, wished: number | undefined): number {
  const ttl = wished ?? (role.defaultStsTtl > 0 ? role.defaultStsTtl : DEFAULT_TTL_SECONDS)
  const longest = ctx.services.ttls().maxSeconds
  return Math.min(ttl, role.maxStsTtl > 0 ? Math.min(role.maxStsTtl, longest) : longest)
}

export const assumeRole = (ctx: RequestContext, of: SessionOf): Promise<Answer> =>
  underLease(ctx, of, 'IAM', async (clients, name, options) => {
    const RoleArn = chosenArn(of)
    const { document, arns } = await sessionPolicies(ctx, clients, of.role)
    const answer = await callSts('Error assuming role', clients, (sts) =>
      sts.assumeRole(
        {
          RoleArn,
          RoleSessionName: of.wish.role_session_name
            ? normalizeName(of.wish.role_session_name)
            : name,
          DurationSeconds: of.ttlSeconds,
          ...(of.role.externalId && { ExternalId: of.role.externalId }),
          Tags: Object.entries(of.role.sessionTags).map(([Key, Value]) => ({ Key, Value })),
          ...(document && { Policy: document }),
          ...(arns.length > 0 && { PolicyArns: arns.map((arn) => ({ arn })) }),
        },
        options,
      ),
    )
    return { credentials: answer.Credentials!, arn: answer.AssumedRoleUser?.Arn }
  })

export const federationToken = (ctx: RequestContext, of: SessionOf): Promise<Answer> =>
  underLease(ctx, of, 'STS', async (clients, Name, options) => {
    const { document, arns } = await sessionPolicies(ctx, clients, of.role)
    // Without a policy AWS would give what the server itself may do.
    if (document === '' && arns.length === 0) {
      throw badRequest(
        'must specify at least one of policy_arns or policy_document with federation_token credential_type',
      )
    }
    const answer = await callSts('Error generating STS keys', clients, (sts) =>
      sts.getFederationToken(
        {
          Name,
          DurationSeconds: of.ttlSeconds,
          ...(document && { Policy: document }),
          ...(arns.length > 0 && { PolicyArns: arns.map((arn) => ({ arn })) }),
        },
        options,
      ),
    )
    return { credentials: answer.Credentials!, arn: answer.FederatedUser?.Arn }
  })

export const sessionToken = (ctx: RequestContext, of: SessionOf): Promise<Answer> =>
  underLease(ctx, of, 'STS', async (clients, _name, options) => {
    const answer = await callSts('Error generating STS keys', clients, (sts) =>
      sts.getSessionToken(
        {
          DurationSeconds: of.ttlSeconds,
          ...(of.role.mfaSerialNumber && { SerialNumber: of.role.mfaSerialNumber }),
          ...(of.wish.mfa_code && { TokenCode: of.wish.mfa_code }),
        },
        options,
      ),
    )
    return { credentials: answer.Credentials!, arn: undefined }
  })

type Issue = (
  clients: AwsClients,
  name: string,
  options: { readonly abortSignal: AbortSignal },
) => Promise<{ readonly credentials: Credentials; readonly arn: string | undefined }>

async function underLease(
  ctx: RequestContext,
  of: SessionOf,
  type: 'IAM' | 'STS',
  issue: Issue,
): Promise<Answer> {
  const root = await readRoot(ctx.storage)
  const name = makeUsername(ctx, root?.usernameTemplate ?? '', {
    type,
    displayName: ctx.auth?.displayName ?? '',
    role: of.roleName,
  })
  const lease = await ctx.lease(stsSession, { internal: { name }, ttlSeconds: of.ttlSeconds })
  const { credentials, arn } = await ctx.use(awsClients, '', (clients) =>
    issue(clients, name, { abortSignal: ctx.signal }),
  )
  return {
    data: {
      access_key: credentials.AccessKeyId,
      ...(arn !== undefined && { arn }),
      secret_key: credentials.SecretAccessKey,
      security_token: credentials.SessionToken,
      session_token: credentials.SessionToken,
      ttl: lease.ttlSeconds,
    },
    lease,
  }
}

/** The role to assume: the one asked for, which the role must allow, or its only one. */
function chosenArn({ role, roleName, wish }: SessionOf): string {
  if (wish.role_arn === '') {
    if (role.roleArns.length !== 1)
      throw badRequest('did not supply a role_arn parameter and unable to determine one')
    return role.roleArns[0]!
  }
  if (!role.roleArns.includes(wish.role_arn)) {
    throw badRequest(
      `role_arn ${JSON.stringify(wish.role_arn)} not in allowed role arns for Vault role ${JSON.stringify(roleName)}`,
    )
  }
  return wish.role_arn
}

/** The role's own policies together with those of its groups: STS knows no groups. */
async function sessionPolicies(
  ctx: RequestContext,
  clients: AwsClients,
  role: Role,
): Promise<{ document: string; arns: readonly string[] }> {
  if (role.iamGroups.length === 0) return { document: role.policyDocument, arns: role.policyArns }
  const groups = await callAws('Error reading the policies of groups', () =>
    groupPolicies(clients, role.iamGroups, ctx.signal),
  )
  return {
    document:
      groups.documents.length === 0
        ? role.policyDocument
        : combineDocuments([...groups.documents, role.policyDocument]),
    arns: [...role.policyArns, ...groups.arns],
  }
}
