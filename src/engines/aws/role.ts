// A role: which kind of credentials it gives and with which rights. Kept as it was written; checked as a
// whole after each change, so that a partial update can't leave a role that makes no sense.
// API: https://developer.hashicorp.com/vault/api-docs/secret/aws#create-update-role
import { badRequest } from '../../base/errors.ts'
import type { ReadStorage } from '../../sdk/storage.ts'
import { whyNoPolicyArn } from './arn.ts'

export type CredentialType = 'iam_user' | 'assumed_role' | 'federation_token' | 'session_token'
export const credentialTypes: readonly CredentialType[] = [
  'iam_user',
  'assumed_role',
  'federation_token',
  'session_token',
]

export interface Role {
  /** More than one only with the deprecated `policy`, which gives users by creds/ and tokens by sts/. */
  readonly credentialTypes: readonly CredentialType[]
  readonly policyArns: readonly string[]
  readonly roleArns: readonly string[]
  /** Compacted JSON; '' where there is none. */
  readonly policyDocument: string
  readonly iamGroups: readonly string[]
  readonly iamTags: Readonly<Record<string, string>>
  readonly sessionTags: Readonly<Record<string, string>>
  readonly externalId: string
  readonly mfaSerialNumber: string
  readonly defaultStsTtl: number
  readonly maxStsTtl: number
  readonly userPath: string
  readonly permissionsBoundaryArn: string
  /** Written with a deprecated parameter: creds/ gives users only and sts/ tokens only. */
  readonly isLegacy: boolean
}

export const emptyRole: Role = {
  credentialTypes: [],
  policyArns: [],
  roleArns: [],
  policyDocument: '',
  iamGroups: [],
  iamTags: {},
  sessionTags: {},
  externalId: '',
  mfaSerialNumber: '',
  defaultStsTtl: 0,
  maxStsTtl: 0,
  userPath: '',
  permissionsBoundaryArn: '',
  isLegacy: false,
}

export const ROLES = 'role/'
export const roleKey = (name: string): string => ROLES + name

export const readRole = async (storage: ReadStorage, name: string): Promise<Role | null> =>
  (await storage.get(roleKey(name)))?.json<Role>() ?? null

const USER_PATH = /^\/([\x21-\x7F]{0,510}\/)?$/

/** 400 with every mistake of the role. */
export function checkRole(role: Role): void {
  const mistakes = [...mistakesOf(role)]
  if (mistakes.length === 0) return
  const count = mistakes.length === 1 ? '1 error' : `${mistakes.length} errors`
  const list = mistakes.map((mistake) => `\t* ${mistake}\n`).join('')
  throw badRequest(
    `error(s) validating supplied role data: ${JSON.stringify(`${count} occurred:\n${list}\n`)}`,
  )
}

function* mistakesOf(role: Role): Generator<string> {
  const has = (type: CredentialType): boolean => role.credentialTypes.includes(type)
  const isSts = has('assumed_role') || has('federation_token') || has('session_token')
  const known: readonly string[] = credentialTypes
  if (role.credentialTypes.length === 0) yield 'did not supply credential_type'
  for (const type of role.credentialTypes)
    if (!known.includes(type)) yield `unrecognized credential type: ${type}`
  const stsOnly =
    'parameter only valid for assumed_role, federation_token and session_token credential types'
  if (role.defaultStsTtl !== 0 && !isSts) yield `default_sts_ttl ${stsOnly}`
  if (role.maxStsTtl !== 0 && !isSts) yield `max_sts_ttl ${stsOnly}`
  if (role.maxStsTtl > 0 && role.defaultStsTtl > role.maxStsTtl)
    yield '"default_sts_ttl" value must be less than or equal to "max_sts_ttl" value'
  if (role.userPath !== '') {
    if (!has('iam_user')) yield 'user_path parameter only valid for iam_user credential type'
    if (!USER_PATH.test(role.userPath))
      yield `The specified value for user_path is invalid. It must match "${USER_PATH.source}" regexp`
  }
  if (role.permissionsBoundaryArn !== '') {
    if (!has('iam_user'))
      yield "cannot supply permissions_boundary_arn when credential_type isn't iam_user"
    const why = whyNoPolicyArn(role.permissionsBoundaryArn)
    if (why) yield `invalid permissions_boundary_arn parameter: ${why}`
  }
  if (role.roleArns.length > 0 && !has('assumed_role'))
    yield "cannot supply role_arns when credential_type isn't assumed_role"
  if (role.externalId !== '' && !has('assumed_role'))
    yield "cannot supply external_id when credential_type isn't assumed_role"
  if (Object.keys(role.sessionTags).length > 0 && !has('assumed_role'))
    yield "cannot supply session_tags when credential_type isn't assumed_role"
  if (role.mfaSerialNumber !== '' && !has('session_token'))
    yield "cannot supply mfa_serial_number when credential_type isn't session_token"
}
