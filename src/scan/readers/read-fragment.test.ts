// What readers find by where it stands: each of the wrong ways under its own rule, and the placeholders, references and
// labels that are no findings. Values are put together here, so that no line looks like a credential.
import { describe, expect, it } from 'vitest'
import type { SourceKind } from '../fragment.ts'
import { createDetector } from '../match/create-detector.ts'
import { defaultConfig } from '../rules/default-config.ts'
import { readFragment } from './read-fragment.ts'
import { READER_RULES } from './reader-rules.ts'

const WORD = ['Blue', 'Cab', 'in', '72!'].join('')
const KEY = ['9f2c', '71be', 'd04a', '66e3', '8b1f', 'c5a7'].join('')
const ALL = new Set(READER_RULES.keys())

function read(path: string, text: string, kind: SourceKind = 'dir'): string[] {
  const bytes = Buffer.from(text, 'latin1')
  const fragment = { bytes, path, symlink: '', startLine: 1, commit: null, kind }
  return readFragment(fragment, text, ALL, ALL).map((one) => `${one.ruleId}=${one.secret}`)
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('the wrong ways', () => {
  it.each([
    ['.env', `DB_PASSWORD=${WORD}\n`, 'env-file-committed', WORD],
    ['app/.env.production', `API_TOKEN="${KEY}"\n`, 'env-file-committed', KEY],
    ['Dockerfile', `FROM a\nENV API_TOKEN=${KEY}\n`, 'dockerfile-env-secret', KEY],
    ['web.Dockerfile', `ARG DB_PASSWORD=${WORD}\n`, 'dockerfile-env-secret', WORD],
    [
      'docker-compose.yml',
      `services:\n  db:\n    environment:\n      - DB_PASSWORD=${WORD}\n`,
      'compose-environment-literal',
      WORD,
    ],
    [
      'compose.yaml',
      `    environment:\n      DB_PASSWORD: ${WORD}\n`,
      'compose-environment-literal',
      WORD,
    ],
    ['.github/workflows/ci.yml', `    env:\n      API_TOKEN: ${KEY}\n`, 'ci-plain-variable', KEY],
    ['.gitlab-ci.yml', `variables:\n  API_TOKEN: "${KEY}"\n`, 'ci-plain-variable', KEY],
    ['.circleci/config.yml', `      API_TOKEN: ${KEY}\n`, 'ci-plain-variable', KEY],
    ['Jenkinsfile', `environment {\n  DB_PASSWORD = '${WORD}'\n}\n`, 'ci-plain-variable', WORD],
    ['azure-pipelines.yml', `variables:\n  dbPassword: '${WORD}'\n`, 'ci-plain-variable', WORD],
    [
      '.gitlab-ci.yml',
      `variables:\n  DB_PASSWORD:\n    value: "${WORD}"\n`,
      'ci-plain-variable',
      WORD,
    ],
    [
      '.gitlab-ci.yml',
      `  API_TOKEN:\n    description: a\n    value: ${KEY}\n`,
      'ci-plain-variable',
      KEY,
    ],
    ['azure-pipelines.yml', `- name: dbPassword\n  value: '${WORD}'\n`, 'ci-plain-variable', WORD],
    ['Dockerfile', `FROM a\nENV API_TOKEN ${KEY}\n`, 'dockerfile-env-secret', KEY],
    ['deploy.yaml', `  - name: DB_PASSWORD\n    value: "${WORD}"\n`, 'code-password', WORD],
    ['task.json', `{"name": "API_TOKEN", "value": "${KEY}"}`, 'code-secret', KEY],
    ['web.config', `<add key="DbPassword" value="${WORD}" />`, 'code-password', WORD],
    ['map.yaml', `kind: ConfigMap\ndata:\n  password: ${WORD}\n`, 'configmap-secret', WORD],
    [
      'secret.yaml',
      `apiVersion: v1\nkind: Secret\ndata:\n  word: ${base64(WORD)}\n`,
      'secret-manifest-base64',
      base64(WORD),
    ],
    ['app.log', `12:00 login with password=${WORD} ok\n`, 'log-secret', WORD],
    ['prod.tfvars', `db_password = "${WORD}"\n`, 'terraform-variable-secret', WORD],
    ['main.py', `password = "${WORD}"\n`, 'code-password', WORD],
    ['Main.java', `private String apiToken = "${KEY}";\n`, 'code-secret', KEY],
    ['app.xml', `<password>${WORD}</password>\n`, 'code-password', WORD],
    ['a.json', `{"client_secret": "${KEY}"}\n`, 'code-secret', KEY],
    ['a.go', `url := "postgres://app:${WORD}@db:5432/app"\n`, 'url-credentials', WORD],
    ['a.md', `Authorization: Bearer ${KEY}\n`, 'authorization-header', KEY],
    ['a.cs', `"Server=db;User Id=app;Password=${WORD};"\n`, 'connection-string-password', WORD],
    ['jwk.json', `{"kty":"EC","crv":"P-256","d":"${KEY}"}\n`, 'jwk-private', KEY],
    ['a.sql', `CREATE USER app IDENTIFIED BY '${WORD}';\n`, 'sql-password', WORD],
    ['run.sh', `mysql -u app -p${WORD} app\n`, 'command-line-password', WORD],
    ['home/.netrc', `machine a login b password ${WORD}\n`, 'credential-file', WORD],
    ['.pgpass', `db:5432:app:app:${WORD}\n`, 'credential-file', WORD],
    ['.npmrc', `//npm.example.org/:_authToken=${KEY}\n`, 'credential-file', KEY],
    [
      '.docker/config.json',
      `{"auths":{"r":{"auth":"${base64(`a:${WORD}`)}"}}}\n`,
      'credential-file',
      base64(`a:${WORD}`),
    ],
    ['wp-config.php', `define('DB_PASSWORD', '${WORD}');\n`, 'credential-file', WORD],
  ])('%s: %#', (path, text, rule, secret) => {
    expect(read(path, text)).toEqual([`${rule}=${secret}`])
  })

  it('reads a log that comes as a stream', () => {
    expect(read('', `token=${KEY}\n`, 'log')).toEqual([`log-secret=${KEY}`])
  })
})

describe('what is no secret', () => {
  const D = '$'
  it.each([
    ['.env', `DB_PASSWORD=${D}{DB_PASSWORD}\n`],
    ['azure-pipelines.yml', `- name: dbPassword\n  value: ${D}(dbPassword)\n`],
    ['deploy.yaml', `- name: DB_PASSWORD_FILE\n  value: "/run/secrets/x9"\n`],
    ['Dockerfile', `ENV API_TOKEN ${D}TOKEN\n`],
    ['compose.yaml', `      DB_PASSWORD: ${D}{DB_PASSWORD:?missing}\n`],
    ['.github/workflows/ci.yml', `      API_TOKEN: ${D}{{ secrets.API_TOKEN }}\n`],
    ['a.yaml', 'password: vault:secret/data/app#password\n'],
    ['a.yaml', 'password: {{ .Values.password }}\n'],
    ['a.py', 'password = os.environ["DB_PASSWORD"]\n'],
    ['a.js', 'const token = await getToken(request)\n'],
    ['a.ts', 'password: string\n'],
    ['a.html', '<label for="password">Enter your password</label>\n'],
    ['en.json', '{"password": "Your password", "token": "Access token"}\n'],
    ['a.env', 'PASSWORD=changeme\n'],
    ['a.env', 'API_KEY=your-api-key-here\n'],
    ['a.env', 'API_KEY=xxxxxxxxxxxxxxxx\n'],
    ['a.env', 'API_KEY=<insert key>\n'],
    ['a.py', 'password_field = "login_pw7x"\n'],
    ['a.py', 'csrf_token = "k2j4h5g6f7d8"\n'],
    ['a.go', 'url := "postgres://user:password@localhost/app"\n'],
    ['a.md', 'Authorization: Bearer <token>\n'],
    ['secret.yaml', 'kind: Secret\ndata:\n  ca.crt: YWJjZGVmZ2hp\n'],
  ])('%s: %s', (path, text) => {
    expect(read(path, text)).toEqual([])
  })
})

it('takes part in the detector, and not under compat', () => {
  const bytes = Buffer.from(`password = "${WORD}"\n`)
  const fragment = {
    bytes,
    path: 'a.py',
    symlink: '',
    startLine: 1,
    commit: null,
    kind: 'dir' as const,
  }
  const options = { maxDecodeDepth: 5, ignoreAllowComments: false, baselinePath: '' }
  const found = (compat: boolean): string[] =>
    createDetector(defaultConfig(), { ...options, compat })
      .detect(fragment)
      .map((one) => one.ruleId)
  expect(found(false)).toEqual(['code-password'])
  expect(found(true)).not.toContain('code-password')
})

it('stays quick on text that only looks like work', () => {
  const texts = [
    'name: a\n',
    'token:\n',
    'name="token" value=',
    'password="',
    'token: ',
    'x://a:',
    '{"kty":"EC" ',
    'mysql -p -p ',
    'a'.repeat(30),
  ]
  for (const text of texts) {
    const started = process.cpuUsage()
    read('a.yaml', text.repeat(Math.ceil(262_144 / text.length)))
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(3000)
  }
})
