// The policies that every namespace has. `default` is a starting text that operators may change, with
// the rights that Vault-compatible tools expect of it; `root` and `response-wrapping` are fixed.
import { parsePolicy } from './parse-policy.ts'
import type { Policy } from './policy.ts'

export const DEFAULT_POLICY_TEXT = `# The token itself: look it up, renew it, revoke it.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}

# What the token may do: on one path, and all of it (for user interfaces).
path "sys/capabilities-self" {
  capabilities = ["update"]
}
path "sys/internal/ui/resultant-acl" {
  capabilities = ["read"]
}

# The caller's own entity.
path "identity/entity/id/{{identity.entity.id}}" {
  capabilities = ["read"]
}
path "identity/entity/name/{{identity.entity.name}}" {
  capabilities = ["read"]
}

# Leases, for whoever knows their ids.
path "sys/leases/lookup" {
  capabilities = ["update"]
}
path "sys/leases/renew" {
  capabilities = ["update"]
}
path "sys/renew" {
  capabilities = ["update"]
}

# The token's own cubbyhole.
path "cubbyhole/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

# Response wrapping.
path "sys/wrapping/wrap" {
  capabilities = ["update"]
}
path "sys/wrapping/lookup" {
  capabilities = ["update"]
}
path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}

# Hashing of data that the caller sends.
path "sys/tools/hash" {
  capabilities = ["update"]
}
path "sys/tools/hash/*" {
  capabilities = ["update"]
}

# Logging in to others through the OIDC provider.
path "identity/oidc/provider/+/authorize" {
  capabilities = ["read", "update"]
}
`

/** What a wrapping token carries: enough to unwrap, and nothing else. */
export const RESPONSE_WRAPPING_POLICY_TEXT = `path "cubbyhole/response" {
  capabilities = ["create", "read"]
}
path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}
`

/** Shown for \`root\`, which has no rules: its name alone is what counts. */
export const ROOT_POLICY_TEXT = ''
export const ROOT_POLICY: Policy = { name: 'root', rules: [], templated: false }
export const RESPONSE_WRAPPING_POLICY: Policy = parsePolicy(
  'response-wrapping',
  RESPONSE_WRAPPING_POLICY_TEXT,
)

/** Can't be written or deleted. */
export const IMMUTABLE_POLICIES: readonly string[] = ['root', 'response-wrapping']
/** Can't be given to a token on request. */
export const NON_ASSIGNABLE_POLICIES: readonly string[] = ['response-wrapping']

/** Names of policies are kept in lower case, without spaces around them. */
export function policyName(name: string): string {
  return name.trim().toLowerCase()
}
