// Rules for key material, tokens of no vendor in particular, commands with credentials, and secrets known by their name.
import { allowed, type RuleExtras, ruleTable } from './rule-table.ts'

/** Names that hold one of generic-api-key's words and are no secret: the word's neighbours decide. */
const HARMLESS_NAMES =
  '(?i)(?:' +
  [
    'access(?:ibility|or|[_.-]?id)|random_?access',
    'api[_.-]?(?:id|name|version|url|uri|endpoint)|apiVersion|(?:r|v)apid|capital|-api:(?:jar:|rc|\\d)',
    'author|AuthSource|Authentication-Results|X-MS-Exchange',
    'credentials?[_.-]?(?:id|url|uri|endpoint)|withCredentials|credentials\\.url',
    '(?:bucket|foreign|hot|idx|natural|primary|pub(?:lic)?|schema|sequence|partition|sort|cache)[_.-]?key',
    'm[o]nkey|turkey|keying|issuerkeyhash|(?:csrf|xsrf|public|cancellation)[_.-]?token',
    'key[_.-]?(?:alias|board|chars?|code|event|file|frame|id|len|length|mesh|name|pair|path|ring|press(?:ed)?)',
    'key[_.-]?(?:selector|signature|size|stone|store|str|tab|type|word|up|down|left|right|vault)|key tag=',
    '(?:secret|token)[_.-]?(?:length|name|size|type|file|url|uri|endpoint)|UserSecretsId|keyvault',
    'io\\.jsonwebtoken|token_?endpoint|tokenizer',
  ].join('|') +
  ')'

const EXTRAS: Readonly<Record<string, RuleExtras>> = {
  'generic-api-key': {
    allowlists: [
      // Words and dotted paths without a digit are names, not keys.
      allowed('secret', [
        '^[a-zA-Z_./-]+=?$',
        '^[a-zA-Z]\\w*=[^=]',
        '^[\\w./-]*/[\\w.-]*\\.\\w{2,5}$',
        '^[\\d.]+$',
        '(?i)^id-|^X\\d+\\.[a-z_]+$|^\\w{1,60}\\.\\w{0,40}key_?\\w{0,40}$',
      ]),
      allowed('secret', ['(?i)012345|123456|abcdef[0-9]']),
      // A key that a video service ships to every browser.
      allowed('secret', ['^6fe4476ee5a1832']),
      allowed('match', [
        HARMLESS_NAMES,
        '[a-z]aP[iI]',
        // Arguments and items: names without quotes behind a comma.
        '[\\w)\\]],\\s+[\\w.]',
        '(?:[A-Z_.]+=\\s+[A-Z_.]+=|[a-z_.]+=\\s+[a-z_.]+=)\\s*$',
      ]),
      allowed('line', [
        '--mount=type=secret,',
        'import\\s+\\{[\\s\\w,]+\\}\\s+from\\s',
        '<entry key=|LIC_FILES_CHKSUM|SRCREV|SRC_URI|integrity|checksum|sha(?:1|256|512)',
      ]),
    ],
  },
  'curl-auth-user': {
    allowlists: [
      allowed('secret', [
        '[^:]+:["\']?(?:change(?:it|me)|pass(?:word)?|pwd|test|token|secret|x+|y+|\\*+)["\']?$',
        '[<\\[][^>\\]]*[>\\]]|\\$\\{|\\$\\(|\\{\\{|:["\']?\\$|^["\']?\\$|xxx',
      ]),
    ],
  },
  'curl-auth-header': { allowlists: [allowed('secret', ['^[xX.*-]+$'])] },
  'kubernetes-secret-yaml': {
    path: '(?i)\\.ya?ml$',
    allowlists: [
      allowed('secret', ['\\{\\{', '^[\\w.-]+:\\s*(?:""|\'\')?$']),
      allowed('match', ['\\n---']),
    ],
    rotate:
      'base64 hides nothing: rotate the value, keep it in the vault and have it synced into the cluster.',
  },
  'private-key': {
    rotate:
      'Make a new key pair, replace the public half where it is trusted (or reissue the certificate), and drop this one.',
  },
  'pkcs12-file': { path: '(?i)(?:^|/)[^/]+\\.p(?:12|fx)$' },
  jwt: {
    rotate:
      'End the session or revoke the token; if it does not expire, rotate the key that signed it.',
  },
}

export const KEY_RULES = ruleTable(
  String.raw`
private-key  raw  (?i)(-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S-]{64,}?KEY(?: BLOCK)?-----)  kw=-----begin  private key
putty-private-key  raw  PuTTY-User-Key-File-\d: [\s\S]{40,900}?Private-Lines: \d{1,3}\s{1,3}([A-Za-z0-9+/=\s]{64,1000}?)\s{1,3}Private-  kw=putty-user-key-file  PuTTY private key
pkcs12-file  raw  -  kw=p12  PKCS #12 file, which holds a private key
jwt  raw  \b(ey[a-zA-Z0-9]{17,}\.ey[a-zA-Z0-9/\\_-]{17,}\.(?:[a-zA-Z0-9/\\_-]{10,}={0,2})?)(?:[^\w./\\-]|\\[nr]|$)  e3 medium kw=ey check=jwt  JSON Web Token
jwt-base64  raw  \b(ZXlK[a-zA-Z0-9/\\_+\r\n-]{50,}={0,2})  e2 medium kw=zxlk  JSON Web Token in base64
curl-auth-header  raw  \bcurl\b[\s\S]{0,500}?[ \t\r\n](?:-H|--header)(?:=|[ \t]{0,5})["'](?i:(?:Authorization:[ \t]{0,5}(?:Basic[ \t]{1,4}([a-z0-9+/]{8,400}={0,3})|(?:(?:Bearer|(?:Api-)?Token)[ \t]{1,4})?([\w=~@.+/-]{8,400}))|(?:X-(?:[a-z]+-)?)?(?:Api-?)?(?:Key|Token):[ \t]{0,5}([\w=~@.+/-]{8,400})))["']  e2.75 medium kw=curl  credential in a header of a curl command
curl-auth-user  raw  \bcurl\b[\s\S]{0,500}?[ \t\r\n](?:-u|--user)(?:=|[ \t]{0,5})("(?::[^"]{3,80}|[^:"]{3,80}:|[^:"]{3,80}:[^"]{3,80})"|'[^':]{3,80}:[^']{3,80}'|(?:"[^"]{3,80}"|[\w$@.-]{2,60}):(?:"[^"]{3,80}"|'[^']{3,80}'|[\w$@.{}-]{3,80}))(?:\s|$)  e2 medium kw=curl  user and password of a curl command
kubernetes-secret-yaml  raw  (?i)(?:\bkind:[ \t]*["']?secret["']?\s[\s\S]{0,250}?\bdata:[\s\S]{0,100}?\s([\w.-]{1,60}:(?:[ \t]{0,4}[|>][+-]?\s{1,40})?[ \t]{0,4}["']?[a-z0-9+/]{10,200}={0,3}["']?)|\bdata:[\s\S]{0,100}?\s([\w.-]{1,60}:(?:[ \t]{0,4}[|>][+-]?\s{1,40})?[ \t]{0,4}["']?[a-z0-9+/]{10,200}={0,3}["']?)[\s\S]{0,250}?\bkind:[ \t]*["']?secret\b["']?(?:\s|$))  medium kw=secret  value of a Kubernetes Secret manifest
generic-api-key  raw  (?i)[\w.-]{0,20}?(?:access|auth|api|credential|creds|key|passw(?:or)?d|secret|token)[\w.\t -]{0,20}["'\x60\]]?[ \t\r\n]{0,3}(?:[:?+.|]{0,3}=>?|:{1,3}|>|,|\|\|)[\s"'\x60=(]{0,5}([\w.=/+-]{10,150})(?:["'\x60\s;,<)\\}]|$)  e3.5 medium kw=access,api,auth,key,credential,creds,passwd,password,secret,token  value of a name that says secret
`,
  EXTRAS,
).map((rule) => (rule.id === 'pkcs12-file' ? { ...rule, regex: null, keywords: [] } : rule))
