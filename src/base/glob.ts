// Vault's simple glob for strings: one `*` at the start, at the end or at both, nothing in between.
// It is linear in the text and has no escapes. Used for values of policy parameters and role bindings.

/**
 * True where `value` matches `pattern`. A lone "*" is a literal, as in Vault: a rule that means
 * "anything" leaves the list of values empty instead.
 */
export function globMatches(pattern: string, value: string): boolean {
  if (pattern.length < 2) return value === pattern
  const open = pattern.charCodeAt(0) === 0x2a
  const close = pattern.charCodeAt(pattern.length - 1) === 0x2a
  if (open && close) return value.includes(pattern.slice(1, -1))
  if (open) return value.endsWith(pattern.slice(1))
  if (close) return value.startsWith(pattern.slice(0, -1))
  return value === pattern
}
