// The flags that every command that talks to a server has, and the output flags that commands ask for.
// Names and variables are those of Vault's command; the texts are our own.
import { booleanFlag, durationFlag, listFlag, mapFlag, stringFlag } from './flags.ts'

/** No namespace was named, which is not the same as the root namespace ''. */
export const NOT_SET = '(not set)'

export const httpFlags = {
  address: stringFlag('Address of the server.', {
    initial: 'https://127.0.0.1:8200',
    env: 'ADDR',
  }),
  'agent-address': stringFlag('Address of an agent, which is asked in place of the server.', {
    env: 'AGENT_ADDR',
  }),
  'ca-cert': stringFlag(
    'PEM file of the authorities that may have signed the certificate of the server. It comes ' +
      'before -ca-path.',
    { env: 'CACERT', completes: 'files' },
  ),
  'ca-path': stringFlag(
    'Folder of PEM files of the authorities that may have signed the certificate of the server.',
    { env: 'CAPATH', completes: 'folders' },
  ),
  'client-cert': stringFlag(
    'PEM file of the certificate to show to the server; needs -client-key.',
    {
      env: 'CLIENT_CERT',
      completes: 'files',
    },
  ),
  'client-key': stringFlag('PEM file of the private key that belongs to -client-cert.', {
    env: 'CLIENT_KEY',
    completes: 'files',
  }),
  namespace: stringFlag(
    'The namespace to work in, so that paths are relative to it (short: -ns).',
    {
      initial: NOT_SET,
      env: 'NAMESPACE',
      completes: 'namespaces',
    },
  ),
  ns: stringFlag('Short for -namespace.', {
    initial: NOT_SET,
    hidden: true,
    completes: 'namespaces',
  }),
  'tls-server-name': stringFlag('The name to expect in the certificate of the server (SNI).', {
    env: 'TLS_SERVER_NAME',
  }),
  'tls-skip-verify': booleanFlag(
    'Do not verify the certificate of the server. Whoever is in between can then read everything; ' +
      'for tests only.',
    { env: 'SKIP_VERIFY' },
  ),
  'disable-redirects': booleanFlag('Do not follow the one redirect that is followed otherwise.', {
    env: 'DISABLE_REDIRECTS',
  }),
  'policy-override': booleanFlag(
    'Override a policy that may be overridden, where the server has such.',
  ),
  'wrap-ttl': durationFlag(
    'Wrap the answer in a token that can be used once and lives this long, such as "30s" or "5m". ' +
      'The unwrap command opens it.',
    { env: 'WRAP_TTL' },
  ),
  mfa: listFlag('MFA credential for the X-Vault-MFA header. Can be given several times.', {
    env: 'MFA',
  }),
  'output-curl-string': booleanFlag('Show the request as a curl command instead of sending it.'),
  'output-policy': booleanFlag('Show a policy that allows the request instead of sending it.'),
  'unlock-key': stringFlag('Key that unlocks the API of a locked namespace.'),
  header: mapFlag(
    'A header to add to every request, as name=value. Can be given several times; names that begin ' +
      'with X-Vault- are refused.',
  ),
  'non-interactive': booleanFlag('Never ask on the terminal and never read standard input.'),
} as const

export const fieldFlag = {
  field: stringFlag(
    'Print only this field, bare: without a newline when the output is not a terminal. Comes before ' +
      'other formatting.',
  ),
} as const

export const formatFlag = {
  format: stringFlag(
    'How to print the result: "table", "json" or "yaml". "raw" (the body as the server sent it) is ' +
      'for read alone.',
    { initial: 'table', env: 'FORMAT', completes: ['table', 'json', 'yaml', 'raw'] },
  ),
} as const

export const detailedFlag = {
  detailed: booleanFlag('Show what more is known of each entry.', { env: 'DETAILED' }),
} as const
