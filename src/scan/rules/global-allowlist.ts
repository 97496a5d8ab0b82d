// What no rule looks at: files that hold no secrets of their authors, and values that are placeholders or references.
import type { Allowlist } from '../rule.ts'
import { allowed } from './rule-table.ts'

const FILES = [
  '\\.(?:bmp|gif|jpe?g|png|svg|ico|webp|tiff?|psd|mp[34]|m4[av]|webm|ogg|wav|eot|[ot]tf|woff2?)$',
  '\\.(?:docx?|xlsx?|pptx?|pdf|bin|dll|exe|pdb|so|dylib|a|o|class|pyc|wasm|gltf|vsidx|v2|suo|wsuo)$',
  '\\.min\\.(?:js|css)(?:\\.map)?$',
  '(?:^|/)(?:bootstrap|jquery(?:-?ui)?|angular|plotly|swagger-?ui)[\\w.-]*\\.js(?:\\.map)?$',
]
const CASED_FILES = [
  '(?:^|/)(?:package-lock\\.json|npm-shrinkwrap\\.json|yarn\\.lock|pnpm-lock\\.yaml|deno\\.lock|bun\\.lockb?)$',
  '(?:^|/)(?:Pipfile|poetry|Cargo|Gemfile|composer|mix|pubspec|flake|Podfile|uv|packages)\\.lock(?:\\.json)?$',
  '(?:^|/)go\\.(?:mod|sum|work(?:\\.sum)?)$',
  '(?:^|/)vendor/(?:modules\\.txt$|(?:github\\.com|golang\\.org|google\\.golang\\.org|gopkg\\.in|k8s\\.io|sigs\\.k8s\\.io|istio\\.io|bundle|ruby)(?:/|$))',
  '(?:^|/)(?:node_modules|bower_components)(?:/|$)',
  '(?:^|/)(?:gradlew(?:\\.bat)?|mvnw(?:\\.cmd)?|gradle\\.lockfile|verification-metadata\\.xml)$',
  '(?:^|/)(?:v?env|virtualenv)/lib(?:64)?/',
  '(?:^|/)lib(?:64)?/python\\d(?:\\.\\d+)?/',
  '(?:^|/)[\\w.]+-[\\d.]+\\.dist-info/',
  '(?:^|/)\\.git$',
  'gitleaks\\.toml$',
  '\\.gem$',
]

const PLACEHOLDERS = [
  '(?i)^(?:true|false|null|none|nil|undefined)$',
  // References: shells, templates, CI systems, Windows, Ansible, format directives.
  '^\\$\\{\\w+\\}$',
  '^\\$[A-Za-z_]+\\d{0,2}$',
  '^\\$\\{\\{.*\\}\\}$',
  '^\\$\\([^)]*\\)$',
  '^\\{\\{.*\\}\\}$',
  '^%\\w+%$',
  '^%[+\\-# 0]?[a-zA-Z]$',
  '^\\{\\w{0,2}\\}$',
  '^@\\w+@$',
  '^<[^<>]+>$',
  '^\\[[^\\]]+\\]$',
  '^/[\\w.-]+/[\\w./-]*$',
  '(?i)^(?:[a-z])?[x*.]+$',
]

/** The same letter over and over. */
const REPEATED = `(?i)^(?:${[...'abcdefghijklmnopqrstuvwxyz0123456789'].map((c) => `${c}+`).join('|')}|\\*+|\\.+)$`

export const GLOBAL_ALLOWLISTS: readonly Allowlist[] = [
  allowed('secret', [...PLACEHOLDERS, REPEATED], {
    description: 'placeholders, references and files of others',
    paths: [...FILES.map((path) => `(?i)${path}`), ...CASED_FILES],
    stopwords: ['abcdefghijklmnopqrstuvwxyz', '014df517-39d1-4453'],
  }),
]
