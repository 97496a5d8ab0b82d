// Files and a history for comparing with the original gitleaks. Secrets are of a made-up kind. Files with several
// findings hold those of one rule only, for the original prints those of several in any order.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const token = (end: string): string => `tok_${end.padStart(8, '0')}`

const RULES = `
title = "rules of a test"
[[rules]]
id = "made-up-token"
description = 'A <made-up> "token" & more, é'
regex = '''tok_[a-z0-9]{8}'''
tags = ["made", "up <tag>"]
keywords = ["tok_"]
[[rules]]
id = "block"
description = "Several lines"
regex = '''BEGIN[\\s\\S]{4,80}?END'''
keywords = ["begin"]
[[rules]]
id = "named"
description = "Named"
regex = '''(?i)secret_([a-z]+)\\s*=\\s*"([^"]+)"'''
secretGroup = 2
entropy = 1.5
keywords = ["secret_"]
[[rules]]
id = "by-path"
description = "A path"
path = '''\\.pem$'''
[[rules]]
id = "with-part"
description = "Needs another"
regex = '''id-[0-9]{4}'''
keywords = ["id-"]
[[rules.required]]
id = "part"
withinLines = 3
[[rules]]
id = "part"
description = "The other"
regex = '''part-[a-z]{4,60}'''
keywords = ["part-"]
skipReport = true
`

function files(): Readonly<Record<string, string | Buffer>> {
  return {
    'rules.toml': RULES,
    'one.txt': `first ${token('a1')} and a rather long text behind it\n`,
    'many.txt': [
      `${token('a1')}`,
      '',
      `\t  indented = "${token('b2')}" # <b>&</b> 'x' "y"`,
      `é ü 日本 ${token('c3')} 日本 é ü and so on and so on`,
      `${'x'.repeat(60)}${token('d4')}${'y'.repeat(60)}`,
      `twice ${token('e5')} ${token('e5')}`,
    ].join('\n'),
    'crlf.txt': `a\r\nb ${token('a1')}\r\n\r\n`,
    'bytes.txt': Buffer.from(`\xff\xfe-not-utf8 \x80 ${token('a1')} \xc3(\n`, 'latin1'),
    'block.txt': 'x BEGIN one\n two two\nthree é\nEND and more than twenty bytes behind it\n',
    'blocks.txt': 'BEGIN aaaa END\n  BEGIN bbbb\r\n END  \n',
    'named.cfg': 'secret_alpha = "abcdefgh"\nSECRET_beta="aaaa"\nsecret_c = "1,2 \\"\n',
    'parts.txt': `id-1234\npart-abcd\npart-${'q'.repeat(50)}\n\n\n\nid-9999\n`,
    'key.pem': 'not looked into\n',
    'allowed.txt': `${token('a1')} # gitleaks:allow\n`,
    'encoded.txt': `${Buffer.from(`in base64 ${token('a1')}`).toString('base64')}\n`,
    'with space, comma.md': `${token('a1')}\n`,
    'empty.txt': '',
  }
}

const COMMITTER = {
  GIT_AUTHOR_NAME: 'Añn "A" <b',
  GIT_AUTHOR_EMAIL: 'a@example.test',
  GIT_COMMITTER_NAME: 'C',
  GIT_COMMITTER_EMAIL: 'c@example.test',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

function git(folder: string, date: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    env: { ...process.env, ...COMMITTER, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString()
}

/** tree/ with files, repo/ with a history, staged and edited files, plain/ with nothing to be found. */
export function makeFixture(folder: string): void {
  const tree = join(folder, 'tree')
  const repo = join(folder, 'repo')
  for (const path of [tree, repo, join(folder, 'plain')]) mkdirSync(path, { recursive: true })
  for (const [name, content] of Object.entries(files())) writeFileSync(join(tree, name), content)
  writeFileSync(join(folder, 'plain/a.txt'), 'nothing\n')
  writeFileSync(join(folder, 'rules.toml'), RULES)
  git(repo, '2024-05-01T12:00:00Z', 'init', '-q', '-b', 'main')
  writeFileSync(join(repo, 'one.md'), `a\n${token('a1')} <&> é\n`)
  git(repo, '2024-05-01T12:00:00+02:00', 'add', '.')
  const message = 'Title <&> é\non two lines\n\nBody, "quoted"\n\n- more\n'
  git(repo, '2024-05-01T12:00:00+02:00', 'commit', '-q', '-m', message)
  git(repo, '2024-05-01T12:00:00Z', 'remote', 'add', 'origin', 'git@github.com:some/where.git')
  writeFileSync(join(repo, 'staged.txt'), `staged ${token('s1')}\n`)
  git(repo, '2024-05-01T12:00:00Z', 'add', '.')
  writeFileSync(join(repo, 'one.md'), `a\n${token('a1')} <&> é\nedited ${token('u1')}\n`)
}

const RANGE = `{{- range . -}}
{{ .RuleID }}|{{ .Secret }}|{{ .Line }}|{{ .Entropy }}|{{ printf "%.2f" .Entropy }}|{{ .Tags }}
{{- if .Commit }}|{{ .Commit | trunc 7 }}|{{ .Message | quote }}{{ end }}
{{ end }}`

export const TEMPLATES: Readonly<Record<string, string>> = {
  'range.tmpl': RANGE,
  'json.tmpl': '{{ . | toPrettyJson }}{{ len . }} {{ . }}',
  'html.tmpl': '{{ range . }}<li>{{ .Match | html }} {{ .File | base | upper }}</li>{{ end }}',
  'broken.tmpl': '{{ range . }}',
  'env.tmpl': '{{ env "HOME" }}',
  'field.tmpl': '{{ range . }}{{ .Nope }}{{ end }}',
}
