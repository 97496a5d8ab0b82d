// roles: what credentials may be asked for by name. A partial update keeps what it doesn't name.
import { badRequest } from '../../base/errors.ts'
import { duration, list, pairs, string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { keysAnswer, keysOutput, listNames, pageInput } from '../../sdk/listing.ts'
import { parseArn } from './arn.ts'
import { compactDocument } from './policy-documents.ts'
import {
  type CredentialType,
  checkRole,
  emptyRole,
  ROLES,
  type Role,
  readRole,
  roleKey,
} from './role.ts'

const { read, write, remove, list: listRow } = endpoints()
const params = { name: string('Name of the role.', { required: true }) }

const fields = {
  credential_type: string('iam_user, assumed_role, federation_token or session_token.'),
  policy_arns: list('ARNs of managed policies: attached to users, filters of sessions.'),
  role_arns: list('ARNs of the roles that may be assumed.'),
  policy_document: string('IAM policy as JSON: put on users, filter of sessions.'),
  iam_groups: list('Groups that users join; sessions get the policies of the groups.'),
  iam_tags: pairs('Tags of users.'),
  session_tags: pairs('Tags of sessions of assumed roles.'),
  external_id: string('External id that assuming the role demands.'),
  mfa_serial_number: string('MFA device that session tokens demand a code of.'),
  default_sts_ttl: duration('Life of sessions where the caller names none.'),
  max_sts_ttl: duration('Longest life of sessions.'),
  user_path: string('Path of users in IAM.'),
  permissions_boundary_arn: string('Policy that bounds what users may do.'),
}

const deprecated = {
  policy: string('Use policy_document instead.', { deprecated: true }),
  arn: string('Use role_arns or policy_arns instead.', { deprecated: true }),
}

export const roleRows = [
  listRow('roles', {
    about: 'Lists the roles.',
    input: pageInput,
    output: keysOutput,
    effects: false,
    handle: async (ctx, page) => keysAnswer(await listNames(ctx.storage, ROLES, page)),
  }),
  read('roles/:name', {
    about: 'Shows a role.',
    params,
    output: fields,
    effects: false,
    handle: async (ctx, { name }) => {
      const role = await readRole(ctx.storage, name)
      return role ? { data: roleData(role) } : { empty: true }
    },
  }),
  write('roles/:name', {
    about: 'Creates or changes a role.',
    params,
    input: { ...fields, ...deprecated },
    exists: async (ctx, { name }) => (await ctx.storage.get(roleKey(name))) !== null,
    handle: async (ctx, { name, policy, arn, ...sent }) => {
      const legacy = legacyText(policy, arn)
      if (legacy !== '') refuseMixture(sent)
      await ctx.storage.transaction(async (tx) => {
        const before = (await tx.get(roleKey(name)))?.json<Role>() ?? emptyRole
        const role = legacy === '' ? changedRole(before, sent) : legacyRole(legacy)
        checkRole(role)
        tx.put(roleKey(name), { json: role })
      })
      if (legacy === '') return { empty: true }
      const warning =
        'Detected use of legacy role or policy parameter. Please upgrade to use the new parameters.'
      return { data: null, warnings: [warning] }
    },
  }),
  remove('roles/:name', {
    about: 'Deletes a role; credentials that it gave live on until their lease ends.',
    params,
    handle: async (ctx, { name }) => {
      await ctx.storage.delete(roleKey(name))
      return { empty: true }
    },
  }),
]

const roleData = (role: Role) => ({
  credential_type: role.credentialTypes.join(','),
  default_sts_ttl: role.defaultStsTtl,
  external_id: role.externalId,
  iam_groups: role.iamGroups,
  iam_tags: role.iamTags,
  max_sts_ttl: role.maxStsTtl,
  mfa_serial_number: role.mfaSerialNumber,
  permissions_boundary_arn: role.permissionsBoundaryArn,
  policy_arns: role.policyArns,
  policy_document: role.policyDocument,
  role_arns: role.roleArns,
  session_tags: role.sessionTags,
  user_path: role.userPath,
})

type Sent = { readonly [K in keyof typeof fields]: ReturnType<(typeof fields)[K]['parse']> }

function changedRole(before: Role, sent: Sent): Role {
  return {
    credentialTypes:
      sent.credential_type === undefined
        ? before.credentialTypes
        : [sent.credential_type as CredentialType],
    policyArns: sent.policy_arns ?? before.policyArns,
    roleArns: sent.role_arns ?? before.roleArns,
    policyDocument: sent.policy_document
      ? document(sent.policy_document)
      : (sent.policy_document ?? before.policyDocument),
    iamGroups: sent.iam_groups ?? before.iamGroups,
    iamTags: sent.iam_tags ?? before.iamTags,
    sessionTags: sent.session_tags ?? before.sessionTags,
    externalId: sent.external_id ?? before.externalId,
    mfaSerialNumber: sent.mfa_serial_number ?? before.mfaSerialNumber,
    defaultStsTtl: sent.default_sts_ttl ?? before.defaultStsTtl,
    maxStsTtl: sent.max_sts_ttl ?? before.maxStsTtl,
    userPath: sent.user_path ?? before.userPath,
    permissionsBoundaryArn: sent.permissions_boundary_arn ?? before.permissionsBoundaryArn,
    isLegacy: false,
  }
}

function document(text: string): string {
  const compacted = compactDocument(text)
  if (compacted === null)
    throw badRequest(`cannot parse policy document: ${JSON.stringify(text.slice(0, 200))}`)
  return compacted
}

function legacyText(policy = '', arn = ''): string {
  if (policy !== '' && arn !== '') throw badRequest('only one of policy or arn should be provided')
  return policy || arn
}

function refuseMixture(sent: Partial<Sent>): void {
  const named = Object.entries(sent).find(([, value]) => value !== undefined)?.[0]
  if (named === undefined) return
  const what = named === 'credential_type' ? 'an explicit credential_type' : named
  throw badRequest(`cannot supply deprecated role or policy parameters with ${what}`)
}

/** What the deprecated parameters meant: a role to assume, a policy to attach, or a document. */
function legacyRole(text: string): Role {
  const bad = () =>
    badRequest(`unable to parse supplied data: ${JSON.stringify(text.slice(0, 200))}`)
  if (!text.startsWith('arn:')) {
    const policyDocument = compactDocument(text)
    if (policyDocument === null) throw bad()
    const types = ['iam_user', 'federation_token'] as const
    return { ...emptyRole, credentialTypes: types, policyDocument, isLegacy: true }
  }
  const kind = parseArn(text)?.resource.split('/')[0]
  if (kind === 'role')
    return { ...emptyRole, credentialTypes: ['assumed_role'], roleArns: [text], isLegacy: true }
  if (kind === 'policy')
    return { ...emptyRole, credentialTypes: ['iam_user'], policyArns: [text], isLegacy: true }
  throw bad()
}
