// What an image's configuration says in plain text, as fragments that rules for Dockerfiles and .env files understand:
// `image!config.json#Env`, `#Labels`, `#History` (one instruction a line, as a Dockerfile has them), `#Command`.
import type { FragmentBatcher } from './fragment-batcher.ts'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

/** Throws Error for what is no configuration. */
export function configFragments(batcher: FragmentBatcher, image: string, config: unknown): void {
  if (!isObject(config)) throw new Error('no image configuration')
  const add = (part: string, lines: readonly string[]): void => {
    if (lines.length === 0) return
    const path = `${image}!config.json#${part}`
    const place = { path, symlink: '', startLine: 1, commit: null, kind: 'image' as const }
    batcher.add(place, Buffer.from(`${lines.join('\n')}\n`))
  }
  for (const [key, suffix] of [
    ['config', ''],
    ['container_config', '.container'],
  ] as const) {
    const run = config[key]
    if (!isObject(run)) continue
    add(`Env${suffix}`, texts(run.Env))
    add(`Labels${suffix}`, isObject(run.Labels) ? pairs(run.Labels) : [])
    add(`Command${suffix}`, commandLines(run))
  }
  add('History', historyLines(config.history))
  if (typeof config.comment === 'string' && config.comment !== '') add('Comment', [config.comment])
}

const pairs = (labels: Json): string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${String(value)}`)

function commandLines(run: Json): string[] {
  const lines: string[] = []
  for (const name of ['Entrypoint', 'Cmd', 'OnBuild', 'Shell']) {
    const words = texts(run[name])
    if (words.length > 0) lines.push(`${name.toUpperCase()} ${words.join(' ')}`)
  }
  const { Healthcheck } = run
  if (isObject(Healthcheck)) lines.push(`HEALTHCHECK ${texts(Healthcheck.Test).join(' ')}`)
  return lines
}

/** Instructions as they were built: values of ARG stand before a RUN ("|1 TOKEN=… /bin/sh -c …"), one a line here. */
function historyLines(history: unknown): string[] {
  const lines: string[] = []
  for (const step of Array.isArray(history) ? history.filter(isObject) : []) {
    if (typeof step.created_by === 'string') lines.push(...instruction(step.created_by))
    if (typeof step.comment === 'string' && step.comment !== '') lines.push(`# ${step.comment}`)
    if (typeof step.author === 'string' && step.author !== '') lines.push(`# ${step.author}`)
  }
  return lines
}

function instruction(text: string): string[] {
  const plain = text.replace(/^\/bin\/sh -c #\(nop\)\s+/, '').replace(/\s+# buildkit$/, '')
  const found = /^(?:RUN )?\|(\d+) (.*)$/s.exec(plain)
  if (found === null) return [plain.replace(/^\/bin\/sh -c /, 'RUN ')]
  // Values may hold spaces; a name and "=" start the next one, the shell's path ends the last.
  const shell = found[2]!.search(/ \/bin\/(?:ba|a|da)?sh -\w*c /)
  const values = shell < 0 ? found[2]! : found[2]!.slice(0, shell)
  const command = shell < 0 ? '' : found[2]!.slice(shell + 1).replace(/^\S+ -\w+ /, '')
  const args = values.split(/ (?=[A-Za-z_][A-Za-z0-9_]*=)/).map((value) => `ARG ${value}`)
  return command === '' ? args : [...args, `RUN ${command}`]
}
