// The script of a hook that we install: it runs the hook that was there before, with the same arguments and standard
// input, ends with its failure, and then scans. It calls the program that installed it or, where that is gone, the one in
// PATH; without any it fails, for a hook that scans nothing must not look like one that found nothing. Source: githooks(5).

export const HOOK_NAMES = ['pre-commit', 'commit-msg', 'pre-push', 'pre-receive'] as const
export type HookName = (typeof HOOK_NAMES)[number]

/** What stands behind the name of the hook that was there before ours. */
export const EARLIER_SUFFIX = '.before-strongroom'

const MARK = '# strongroom scan hook:'

/** Whether the text of a hook is one of ours, of whatever version. */
export const isOurScript = (text: string): boolean =>
  text.split('\n', 2)[1]?.startsWith(MARK) === true

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Those that git hands their work on standard input. */
const readsInput = (hook: HookName): boolean => hook === 'pre-push' || hook === 'pre-receive'

/** What goes on without the scan; nothing does on a server. */
export const BYPASS: Readonly<Record<HookName, string>> = {
  'pre-commit': 'git commit --no-verify',
  'commit-msg': 'git commit --no-verify',
  'pre-push': 'git push --no-verify',
  'pre-receive': '',
}

export interface ScriptPlan {
  readonly hook: HookName
  /** The program and its first arguments, as they are called now; absolute paths. */
  readonly program: readonly [string, string]
  /** Flags for each run. */
  readonly flags: readonly string[]
}

/** The script's text; the same plan gives the same text. */
export function hookScript({ hook, program, flags }: ScriptPlan): string {
  const call = `scan hook ${hook}${flags.map((flag) => ` ${quoted(flag)}`).join('')} -- "$@"`
  const [runtime, script] = program.map(quoted)
  const feed = readsInput(hook) ? `printf '%s' "$input" | ` : ''
  const start = readsInput(hook) ? '' : 'exec '
  const bypass = BYPASS[hook] === '' ? '' : `, or go on without the scan: ${BYPASS[hook]}`
  const lines = [
    '#!/bin/sh',
    `${MARK} ${hook}`,
    '# Written by "strongroom scan hooks install"; "strongroom scan hooks uninstall" takes it away again.',
    `# A hook that was here before is kept as ${hook}${EARLIER_SUFFIX} and runs first.`,
    ...(readsInput(hook) ? ['input=$(cat; echo .)', `input=\${input%.}`] : []),
    `earlier="\${0%/*}/${hook}${EARLIER_SUFFIX}"`,
    'if [ -f "$earlier" ] && [ -x "$earlier" ]; then',
    `  ${feed}"$earlier" "$@" || exit $?`,
    'fi',
    `if [ -x ${runtime} ] && [ -f ${script} ]; then`,
    `  ${feed}${start}${runtime} ${script} ${call}`,
    ...(start === '' ? ['  exit $?'] : []),
    'fi',
    'if command -v strongroom >/dev/null 2>&1; then',
    `  ${feed}${start}strongroom ${call}`,
    ...(start === '' ? ['  exit $?'] : []),
    'fi',
    `echo 'strongroom is neither where it was when this hook was installed nor in PATH: nothing was scanned.' >&2`,
    `echo 'Install it and run "strongroom scan hooks install"${bypass}.' >&2`,
    'exit 1',
  ]
  return `${lines.join('\n')}\n`
}
