// Files that exist to hold credentials, each in its own format, and Kubernetes Secret manifests. They are asked by path.
import { type Candidate, candidate, type Reader } from './reader.ts'
import { isBlankOrReference, isNoSecret, isPassword } from './value-judgement.ts'

/** One line format: the secret is the group named `secret`. */
function lineFile(id: string, paths: RegExp, line: RegExp, ruleId = 'credential-file'): Reader {
  return {
    id,
    gates: [],
    wants: (path) => paths.test(path),
    read({ text }) {
      const found: Candidate[] = []
      for (const match of text.matchAll(line)) {
        const secret = match.groups?.secret
        if (secret === undefined || isBlankOrReference(secret)) continue
        const start = match.index + match[0].lastIndexOf(secret)
        const tier = ruleId === 'password-hash' ? 'low' : 'medium'
        found.push(candidate(ruleId, tier, match.index, start, secret.length))
      }
      return found
    },
  }
}

const SECRET_DATA =
  /^([ \t]*)(?:stringData|data):[ \t]*\r?\n((?:\1[ \t]+[^\r\n]*(?:\r?\n|$)|[ \t]*(?:#[^\r\n]*)?\r?\n)+)/gm
const SECRET_ENTRY =
  /^[ \t]+["']?([\w.-]+)["']?:[ \t]*["']?([^\s"'#][^\s"']{3,8000})["']?[ \t]*(?:#.*)?$/gm

/** Values of `data` are decoded to be judged, those of `stringData` are as they stand. */
const secretManifestReader: Reader = {
  id: 'secret-manifests',
  gates: ['secret-manifest-base64'],
  wants: (path) => /\.(?:ya?ml|json)(?:\.\w+)?$/i.test(path),
  read({ text }) {
    const found: Candidate[] = []
    let from = 0
    for (const part of text.split(/^---.*$/m)) {
      const at = text.indexOf(part, from)
      from = at + part.length
      if (!/^kind:[ \t]*["']?Secret["']?[ \t]*$/m.test(part)) continue
      for (const block of part.matchAll(SECRET_DATA)) {
        const isEncoded = !block[0].trimStart().startsWith('stringData')
        const blockAt = at + block.index + block[0].length - block[2]!.length
        for (const entry of block[2]!.matchAll(SECRET_ENTRY)) {
          const value = entry[2]!
          if (!isSecretEntry(entry[1]!, value, isEncoded)) continue
          const start = blockAt + entry.index + entry[0].indexOf(value, entry[1]!.length)
          const id = 'secret-manifest-base64'
          found.push(candidate(id, 'medium', blockAt + entry.index, start, value.length))
        }
      }
    }
    return found
  },
}

function isSecretEntry(name: string, value: string, isEncoded: boolean): boolean {
  if (/^(?:user(?:name)?|ca\.crt|tls\.crt|namespace|host|port|url|email|type)$/i.test(name))
    return false
  if (!isEncoded) return isPassword(value, true)
  if (!/^[\w+/-]{4,}={0,2}$/.test(value) || value.length % 4 !== 0) return false
  const decoded = Buffer.from(value, 'base64').toString('latin1').trim()
  return decoded.length >= 4 && !isNoSecret(decoded) && !decoded.startsWith('-----BEGIN CERT')
}

export const FILE_READERS: readonly Reader[] = [
  secretManifestReader,
  lineFile(
    'netrc',
    /(?:^|\/)[._]netrc$|(?:^|\/)\.authinfo$/,
    /\bpassword[ \t]+["']?(?<secret>[^\s"']{3,200})/g,
  ),
  lineFile(
    'pgpass',
    /(?:^|\/)\.?pgpass(?:\.conf)?$/,
    /^[^#\n:]*:[^:\n]*:[^:\n]*:[^:\n]*:(?<secret>[^\r\n]{3,200})$/gm,
  ),
  lineFile(
    'htpasswd',
    /(?:^|\/)\.?(?:htpasswd|htdigest|passwd|proftpdpasswd)[\w.-]*$/,
    /^[\w.@-]{1,60}:(?<secret>(?:\$[\w./$]{10,200}|\{SHA\}[\w+/=]{20,40}|[\w./]{13}))(?=\r?$|:)/gm,
    'credential-file',
  ),
  lineFile('shadow', /(?:^|\/)shadow-?$/, /^[\w.-]{1,40}:(?<secret>\$[\w./$=,-]{10,200}):/gm),
  lineFile(
    'npmrc',
    /(?:^|\/)\.?(?:npmrc|yarnrc(?:\.ya?ml)?|pypirc|gemrc|condarc)$/,
    /(?:_authToken|_auth|_password|npmAuthToken|password|:rubygems_api_key)["']?\s*[:=]\s*["']?(?<secret>[^\s"']{4,400})/g,
  ),
  lineFile(
    'docker-config',
    /(?:^|\/)(?:\.dockercfg|\.docker\/config\.json|\.?dockerconfigjson)$/,
    /"(?:auth|identitytoken|registrytoken|password)"\s*:\s*"(?<secret>[^"\s]{4,4000})"/g,
  ),
  lineFile(
    'git-credentials',
    /(?:^|\/)\.git-credentials$/,
    /^https?:\/\/[^:\s]*:(?<secret>[^@\s]{3,200})@/gm,
  ),
  lineFile(
    'aws-credentials',
    /(?:^|\/)(?:\.aws\/)?\.?(?:credentials|s3cfg|boto|passwd-s3fs)$/,
    /(?:secret_access_key|secret_key|session_token|aws_secret_access_key|password)\s*[:=]\s*(?<secret>\S{8,1000})/gi,
  ),
  lineFile(
    'wp-config',
    /wp-config[\w.-]*\.php$/i,
    /define\(\s*["'](?:DB_PASSWORD|AUTH_KEY|SECURE_AUTH_KEY|LOGGED_IN_KEY|NONCE_KEY|AUTH_SALT|SECURE_AUTH_SALT|LOGGED_IN_SALT|NONCE_SALT)["']\s*,\s*["'](?<secret>[^"'\r\n]{4,200})["']/g,
  ),
  lineFile('rails-key', /(?:^|\/)(?:master|[\w-]+)\.key$/, /^(?<secret>[a-f0-9]{32,128})\s*$/g),
  lineFile(
    'esmtprc',
    /(?:^|\/)\.(?:esmtprc|msmtprc|fetchmailrc|muttrc|my\.cnf|mylogin\.cnf)$|(?:^|\/)my\.cnf$/,
    /\b(?:password|imap_pass|smtp_pass)\s*=?\s*["']?(?<secret>[^\s"';]{3,200})/g,
  ),
  lineFile(
    'ftp-clients',
    /(?:^|\/)(?:\.?ftpconfig|\.?(?:remote-)?sync\.json|sftp(?:-config)?\.json|deployment-config\.json|WebServers\.xml|filezilla\.xml|recentservers\.xml|sitemanager\.xml|dbeaver-data-sources\.xml|robomongo\.json|\.?tugboat|hub|logins\.json|ventrilo_srv\.ini)$/i,
    /(?:"(?:pass(?:word|phrase)?|user(?:Password)|ssh(?:Passphrase|UserPassword)|encrypted(?:Username|Password))"\s*:\s*"|<Pass(?:[^>]*)>|\bpassword="|oauth_token:\s*|(?:Admin)?Password=|api_key:\s*|<Setting[^>]*pass[^>]*>)(?<secret>[^"<\s]{3,400})/gi,
  ),
]
