// `minVersion` of a configuration: the gitleaks version whose configuration we read, or a warning.
import { ConfigError } from './config-error.ts'

/** The version of gitleaks whose configuration and findings ours are. */
export const GITLEAKS_VERSION = '8.30.1'

const VERSION = /^v?([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z.~-]+))?(?:\+[0-9A-Za-z.~-]+)?$/

/** Throws ConfigError where the version is none. */
export function checkMinVersion(
  required: string,
  path: string,
  warn: (message: string, fields: Readonly<Record<string, string>>) => void,
): void {
  if (required === '') return
  const found = VERSION.exec(required)
  if (!found) {
    throw new ConfigError(
      'load',
      `invalid minVersion '${required}': Malformed version: ${required}`,
    )
  }
  if (!isLess(GITLEAKS_VERSION.split('.').map(Number), found[1]!.split('.').map(Number))) return
  warn('config requires a newer Gitleaks version...', {
    'config path': path,
    current: GITLEAKS_VERSION,
    required,
  })
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
