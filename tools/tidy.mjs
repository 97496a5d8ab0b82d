// `npm run check`'s own rules, those that no linter knows: layers, names and lengths of files, where
// the clock and randomness may be touched, and what must never be committed. Source: CONVENTIONS.md.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Lower layers have lower numbers; an import may go down or stay within its folder. */
const LAYERS = [
  ['base'],
  ['schema', 'crypto', 'template', 'remote'],
  ['sdk'],
  ['engines', 'auth', 'audit', 'seals', 'storage'],
  ['core'],
  ['http'],
  ['cli', 'agent', 'k8s', 'scan', 'compliance', 'client'],
]
const PLUGINS = 3
const APPS = 6

const BANNED_NAMES = new Set([
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'types',
  'index',
])
const MOST_LINES = 400
const MOST_TEST_LINES = 600

/** Built from pieces, so that this file passes its own rules. */
const FORBIDDEN_TEXT = [
  [
    new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`),
    'unfinished mark',
  ],
  [
    new RegExp(
      ['registry.npm' + 'js', 'proxy.golang' + '.org', 'crates' + '.io', 'deb.debian' + '.org']
        .map(quoted)
        .join('|'),
    ),
    'names a registry host',
  ],
  [
    new RegExp(`(^|[\\s'"\`(=])(/wo${'rk'}|/ro${'ot'}|/Us${'ers'}|/ho${'me'})/[A-Za-z.]`),
    'names a path of one machine',
  ],
]
const CLOCK_TEXT = [
  [/\bDate\.now\(/, 'reads the clock: take a Clock'],
  [/\bnew Date\(\)/, 'reads the clock: take a Clock'],
  [/(?<![.\w])set(Timeout|Interval)\(/, 'starts a timer: take a Clock'],
  [/\bMath\.random\(/, 'draws randomness: take a Random'],
]
const DEFAULT_EXPORT = /^export default\b/
const LEFT_OUT_TEST =
  /\b(it|test|describe|suite|bench)(\.[a-z]+)*\.(skip|only|todo|fails|skipIf|runIf)\b/

function quoted(text) {
  return text.replaceAll('.', '\\.')
}

/**
 * Layer, unit and folder of a path below src/; null for the files of src/ itself (registry.ts,
 * server.ts), which wire everything: their imports are free, and only apps import them.
 */
function placeOf(path) {
  const parts = path.split('/').slice(1)
  if (parts.length === 1) return null
  const layer = LAYERS.findIndex((folders) => folders.includes(parts[0]))
  // A plugin is its own folder below engines/ and the like; elsewhere the folder of src/ is the unit.
  const isPlugin = layer === PLUGINS
  const isGrouped = isPlugin || parts[0] === 'k8s'
  const unit = isGrouped ? parts.slice(0, Math.min(2, parts.length - 1)).join('/') : parts[0]
  return { layer, unit, folder: parts[0] }
}

/** Why `from` must not import `to` (both paths below src/), or null. */
export function importFault(from, to) {
  const source = placeOf(from)
  const target = placeOf(to)
  if (source === null) return null
  if (source.layer < 0) return `src/${source.folder} is in no layer: add it to tools/tidy.mjs`
  if (target === null) return source.layer === APPS ? null : `imports the wiring: ${to}`
  if (target.layer < 0) return `imports src/${target.folder}, which is in no layer`
  if (target.layer === PLUGINS && source.layer > PLUGINS && source.layer < APPS) {
    return `imports a plugin, which is handed in as a value: ${to}`
  }
  if (target.layer > source.layer) return `imports upward: ${to}`
  if (target.layer === source.layer && source.layer === PLUGINS) {
    // The files that lie directly in engines/ and the like are what its plugins share.
    const isShared = target.unit === target.folder && source.folder === target.folder
    return source.unit === target.unit || isShared ? null : `a plugin imports another: ${to}`
  }
  if (target.layer === source.layer && source.unit !== target.unit) {
    // What two folders share moves down; the command line starts every other app.
    if (source.folder === 'cli') return null
    return isGroundPair(source.folder, target.folder) ? null : `imports sideways: ${to}`
  }
  return null
}

/** schema, crypto, template and remote may build on one another; tsc finds no cycles, review does. */
const isGroundPair = (a, b) => LAYERS[1].includes(a) && LAYERS[1].includes(b)

const IMPORT =
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'(\.[^']+)'|^\s*import\s*'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/gm

/** Relative imports of a source text, with type imports; paths as seen from the repository. */
export function importsOf(path, text) {
  return [...text.matchAll(IMPORT)].map((found) =>
    posix.join(posix.dirname(path), found[1] ?? found[2] ?? found[3]),
  )
}

const isTest = (path) => /\.test\.(ts|mjs)$/.test(path)
const isCode = (path) => /\.(ts|mjs|js)$/.test(path)
const isCodeComment = (line) => /^\s*(\/\/|\*|\/\*)/.test(line)

/** Everything that is wrong with one file, as `path:line: what`. */
export function faultsOf(path, text) {
  const faults = []
  const lines = text.split('\n')
  const report = (line, what) => faults.push(`${path}:${line}: ${what}`)
  if (path !== 'package-lock.json') textFaults(lines, report)
  if (!isCode(path)) return faults
  const limit = isTest(path) || path.startsWith('test/') ? MOST_TEST_LINES : MOST_LINES
  const length = text.endsWith('\n') ? lines.length - 1 : lines.length
  if (length > limit) report(limit, `has ${length} lines, the most is ${limit}: split it by topic`)
  const name = posix.basename(path).replace(/(\.test)?\.(ts|mjs|js)$/, '')
  if (BANNED_NAMES.has(name)) report(1, `is named ${name}: name it for what it exports`)
  if (name !== name.toLowerCase() || name.includes('_')) report(1, 'file names are kebab-case')
  if (/-v\d+$/.test(name)) report(1, 'replace a file, do not number it')
  const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0]
  if (!isTest(path) && !/^(\/\/|\/\*)/.test(first ?? ''))
    report(1, 'opens without a comment that says what it is')
  if (isTest(path) || path.startsWith('test/')) testFaults(lines, report)
  if (path.startsWith('src/')) sourceFaults(path, lines, text, report)
  return faults
}

function textFaults(lines, report) {
  for (const [index, line] of lines.entries()) {
    for (const [pattern, what] of FORBIDDEN_TEXT) {
      if (pattern.test(line)) report(index + 1, what)
    }
  }
}

function testFaults(lines, report) {
  for (const [index, line] of lines.entries()) {
    if (LEFT_OUT_TEST.test(line)) report(index + 1, 'leaves a test out')
  }
}

function sourceFaults(path, lines, text, report) {
  const mayTouchClock = path.startsWith('src/base/') || isTest(path)
  for (const [index, line] of lines.entries()) {
    if (isCodeComment(line)) continue
    if (DEFAULT_EXPORT.test(line)) report(index + 1, 'has a default export')
    if (mayTouchClock) continue
    for (const [pattern, what] of CLOCK_TEXT) if (pattern.test(line)) report(index + 1, what)
  }
  // A test may wire what it tests together, as server.ts does.
  if (isTest(path)) return
  for (const target of importsOf(path, text)) {
    if (!target.startsWith('src/')) report(1, `imports from outside src/: ${target}`)
    else if (!target.endsWith('.ts')) report(1, `import names no .ts file: ${target}`)
    else {
      const fault = importFault(path, target)
      if (fault) report(1, fault)
    }
  }
}

const TEXT_FILE =
  /\.(ts|mjs|js|json|md|hcl|service|yml|yaml|sh|svg|txt)$|^(\.ci\/run|bin\/.*|deploy\/Dockerfile)$/

/** Tracked and new files, without those that git ignores. */
function projectFiles() {
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root })
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`)
  return listed.stdout
    .toString()
    .split('\0')
    .filter((path) => TEXT_FILE.test(path))
}

function readIfThere(path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    // Deleted in the work tree and not yet in the index.
    return null
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = projectFiles()
  const faults = files.flatMap((path) => {
    const text = readIfThere(path)
    return text === null ? [] : faultsOf(path, text)
  })
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.stderr.write(`tidy: ${files.length} files, ${faults.length} faults\n`)
  if (faults.length > 0) process.exitCode = 1
}
