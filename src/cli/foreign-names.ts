// Names of other tools that this program answers to as a whole: their own flags, words and exit codes, nothing of
// Vault's. `NAME args` (the program called by that name) and `strongroom NAME args` are the same.
import { calledAs } from './environment.ts'

export interface ForeignStreams {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

/** Runs the tool with what follows its name; the result is the exit code. */
export type ForeignMain = (args: readonly string[], streams: ForeignStreams) => Promise<number>

/** Each is loaded only when it is called. */
export const FOREIGN_NAMES: Readonly<Record<string, () => Promise<ForeignMain>>> = {
  gitleaks: async () => (await import('../scan/gitleaks/program.ts')).gitleaks,
  'git-secrets': async () => (await import('../scan/git-secrets/main.ts')).gitSecrets,
}

/** Commands of our own with a parser of their own: `strongroom WORD`, never a program's name (vault has its own scan). */
const OWN_WORDS: Readonly<Record<string, () => Promise<ForeignMain>>> = {
  scan: async () => (await import('../scan/command/program.ts')).scanProgram,
  redact: async () => (await import('../scan/command/redact-program.ts')).redactProgram,
}

/** The tool that is meant, with its arguments; null where it is a command of our own. */
export function foreignCall(
  program: string,
  argv: readonly string[],
): { readonly load: () => Promise<ForeignMain>; readonly args: readonly string[] } | null {
  const byProgram = own(program)
  if (byProgram) return { load: byProgram, args: argv }
  const word = argv[0] ?? ''
  const isOurs = calledAs(program) === 'strongroom' && Object.hasOwn(OWN_WORDS, word)
  const byWord = isOurs ? OWN_WORDS[word] : own(word)
  return byWord ? { load: byWord, args: argv.slice(1) } : null
}

const own = (name: string) => (Object.hasOwn(FOREIGN_NAMES, name) ? FOREIGN_NAMES[name] : undefined)
