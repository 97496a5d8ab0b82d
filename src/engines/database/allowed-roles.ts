// Which roles may use a connection: names and globs, with any number of `*` in each. Vault's API page of the
// database engine ("allowed_roles").

/** "*" allows all, an empty list none. */
export const isAllowedRole = (allowed: readonly string[], role: string): boolean =>
  allowed.some((pattern) => globFits(pattern, role))

/** Each `*` stands for any text, also none. Linear in pattern and name. */
function globFits(pattern: string, name: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === name
  const first = parts[0]!
  const last = parts.at(-1)!
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
