// The PostgreSQL plugin: settings, connections and statements as Vault's postgresql-database-plugin has them.
// Source: the API page of Vault's PostgreSQL plugin.
import { string } from '../../../schema/field.ts'
import type { ConnectionDetails, DatabasePlugin } from '../database-plugin.ts'
import { readSqlSettings, settingsFault, sqlConfigFields, textOf } from '../sql-settings.ts'
import {
  ConnectionStringFault,
  type ConnectionTarget,
  isUrl,
  parseConnectionString,
} from './connection-string.ts'
import { machineDefaults } from './machine-defaults.ts'
import { PostgresConnection } from './postgres-connection.ts'

export const postgresql: DatabasePlugin = {
  names: ['postgresql-database-plugin'],
  about: 'PostgreSQL: users are roles that may log in.',
  credentialTypes: ['password', 'rsa_private_key', 'client_certificate'],
  configFields: {
    ...sqlConfigFields,
    password_authentication: string(
      '"password": the server hashes passwords; "scram-sha-256": they are hashed before they are sent.',
    ),
    tls_ca: string('PEM of the certificates that the server is checked with.'),
    tls_certificate: string('PEM of our own certificate.'),
    private_key: string('PEM of its private key.', { secret: true }),
  },
  usernameTemplate: () =>
    '{{ printf "v-%s-%s-%s-%s" (.DisplayName | truncate 8) (.RoleName | truncate 8) (random 20) (unix_time) | truncate 63 }}',
  open(_pluginName, details, tools) {
    const settings = readSqlSettings(details, { escapesPassword: true })
    const authentication = textOf(details.password_authentication) || 'password'
    if (authentication !== 'password' && authentication !== 'scram-sha-256') {
      throw settingsFault(`'${authentication}' is not a valid password authentication type`)
    }
    return new PostgresConnection({
      target: targetOf(settings.connectionUrl, details),
      settings,
      hashesPasswords: authentication === 'scram-sha-256',
      tools,
    })
  },
}

function targetOf(url: string, details: ConnectionDetails): ConnectionTarget {
  let target: ConnectionTarget
  try {
    target = parseConnectionString(url, machineDefaults())
  } catch (fault) {
    if (!(fault instanceof ConnectionStringFault)) throw fault
    throw settingsFault(`cannot parse connection url: ${fault.message}`)
  }
  const certificate = textOf(details.tls_certificate)
  const key = textOf(details.private_key)
  if ((certificate === '') !== (key === '')) {
    throw settingsFault('both tls_certificate and private_key must be set')
  }
  const root = textOf(details.tls_ca)
  for (const [name, pem] of Object.entries({ tls_ca: root, tls_certificate: certificate })) {
    if (pem !== '' && !pem.includes('-----BEGIN')) throw settingsFault(`${name} is not PEM`)
  }
  // Vault's URLs are read in UTC and name the program, unless they say otherwise themselves.
  const additions = isUrl(url) ? { timezone: 'UTC', application_name: 'strongroom' } : {}
  return {
    ...target,
    runtimeParams: { ...additions, ...target.runtimeParams },
    ...(certificate ? { sslCert: certificate, sslKey: key } : {}),
    // As with sslrootcert: whoever names a root wants the server checked.
    ...(root ? { sslRootCert: root } : {}),
    ...(root && target.sslMode === 'require' ? { sslMode: 'verify-ca' as const } : {}),
  }
}
