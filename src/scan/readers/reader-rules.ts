// The rules that readers report under: their ids, tiers and words, for `rules list|explain` and reports.
import type { Tier } from '../finding.ts'

export interface ReaderRule {
  readonly id: string
  readonly description: string
  /** The most that this reader's findings count for; the value may lower it. */
  readonly tier: Tier
  /** What is wrong with it, and what to do instead. */
  readonly words: string
  /** Lower case: what a text must hold one of for the rule's readers to be asked. */
  readonly keywords: readonly string[]
}

/** The words of names; assignments are reported under a rule of their place. */
const NAMES = ['pass', 'pwd', '_pw', 'secret', 'token', 'key', 'credential', 'auth']
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  'secret-manifest-base64': ['secret'],
  'url-credentials': [
    '://',
    'token=',
    'key=',
    'secret=',
    'sig=',
    'signature=',
    'password=',
    'pwd=',
  ],
  'sql-password': ['identified', 'password'],
  'authorization-header': ['bearer', 'basic', 'authorization', '-token', '-key', 'apikey'],
  'jwk-private': ['kty'],
  'connection-string-password': [
    'password',
    'pwd',
    'accountkey',
    'sharedaccesskey',
    'sharedsecret',
  ],
  'command-line-password': [
    ...[
      'mysql',
      'mariadb',
      'sshpass',
      'redis-cli',
      'curl',
      'wget',
      'docker login',
      'sqlcmd',
      'isql',
    ],
    ...['ldap', 'net use', 'securestring', '--', 'http '],
  ],
}

function rule(id: string, tier: Tier, description: string, words: string): ReaderRule {
  return { id, tier, description, words, keywords: KEYWORDS[id] ?? NAMES }
}

const RULES: readonly ReaderRule[] = [
  rule(
    'code-password',
    'medium',
    'password written into code or configuration',
    'Whoever reads the source has the password. Read it from the environment or fetch it from the vault at start.',
  ),
  rule(
    'code-secret',
    'medium',
    'key or token written into code or configuration',
    'Whoever reads the source has the key. Read it from the environment or fetch it from the vault at start.',
  ),
  rule(
    'env-file-committed',
    'medium',
    'secret in a .env file',
    'A .env file belongs to one machine. Remove it from the index, ignore it, rotate its values, keep a .env.example.',
  ),
  rule(
    'dockerfile-env-secret',
    'medium',
    'secret in ENV or ARG of a Dockerfile',
    'ENV and ARG stay readable in the image and its history. Use RUN --mount=type=secret, or give it at run time.',
  ),
  rule(
    'compose-environment-literal',
    'medium',
    'literal secret under environment: of a compose file',
    'Use secrets: with a file outside the repository, or a variable that the shell or the vault agent provides.',
  ),
  rule(
    'ci-plain-variable',
    'medium',
    'secret as a plain variable of CI configuration',
    "Everyone who can read the repository can read it. Use the CI system's secret store, or a login by its OIDC token.",
  ),
  rule(
    'configmap-secret',
    'medium',
    'secret in a Kubernetes ConfigMap',
    'ConfigMaps are readable by far more than Secrets are, and are not encrypted at rest. Sync a Secret from the vault.',
  ),
  rule(
    'secret-manifest-base64',
    'medium',
    'value of a Kubernetes Secret manifest, in base64',
    'base64 is no encryption: whoever has the repository has the value. Rotate it and sync the Secret from the vault.',
  ),
  rule(
    'log-secret',
    'medium',
    'secret in a log line',
    'Logs are kept long and read by many. Rotate it, and send the log through `strongroom redact`.',
  ),
  rule(
    'terraform-variable-secret',
    'medium',
    'secret in Terraform variables or state',
    'Take it from the vault provider as an ephemeral value; keep state in an encrypted backend, never in git.',
  ),
  rule(
    'url-credentials',
    'medium',
    'password in a URL',
    'URLs end in logs, histories and process lists. Give the password apart from the address, and rotate this one.',
  ),
  rule(
    'sql-password',
    'medium',
    'password in an SQL statement',
    'Let the database engine create users: their passwords live for a lease and are written nowhere.',
  ),
  rule(
    'authorization-header',
    'medium',
    'credential in an Authorization header',
    'Revoke this token or change this password; take it from the environment or the vault when the request is made.',
  ),
  rule(
    'jwk-private',
    'medium',
    'private member of a JSON Web Key',
    'Make a new key, publish its public half, and keep the private half in the transit engine.',
  ),
  rule(
    'connection-string-password',
    'medium',
    'password in a connection string',
    'Use the database engine: users that live for an hour need no password in configuration.',
  ),
  rule(
    'credential-file',
    'medium',
    'password or token in a file made to hold credentials',
    'Files such as .netrc, .pgpass and .npmrc belong to one home directory. Remove it from the repository and rotate.',
  ),
  rule(
    'password-hash',
    'low',
    'hash of a password',
    'Hashes can be guessed offline. Have the users set new passwords, and keep the file out of the repository.',
  ),
  rule(
    'command-line-password',
    'medium',
    'password among the arguments of a command',
    'Arguments show in process lists and shell histories. Use standard input, a file or the environment.',
  ),
]

export const READER_RULES: ReadonlyMap<string, ReaderRule> = new Map(
  RULES.map((entry) => [entry.id, entry]),
)

/** Those under which assignments are reported. */
export const ASSIGNMENT_RULES: readonly string[] = RULES.filter(
  ({ keywords }) => keywords === NAMES,
).map(({ id }) => id)
