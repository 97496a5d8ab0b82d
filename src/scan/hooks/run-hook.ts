// `scan hook NAME`, which hooks call: nothing is said where nothing was found; else why git is stopped, and what to do.
// On a server nothing that a push brings counts for it: no rules, no baseline and no allow comment of the pushed commits,
// the look is bounded in time, and what could not be looked at is refused. What is sent to the pusher holds no part of a
// secret. Input and environment: githooks(5), git-receive-pack(1) "QUARANTINE ENVIRONMENT".
import type { Invocation } from '../../base/cobra.ts'
import { SCAN_BASELINE_BYTES, SCAN_HOOK_SECONDS } from '../../base/limits.ts'
import { fromByteString } from '../../template/byte-strings.ts'
import { type Baseline, BaselineError, parseBaseline } from '../baseline/baseline-file.ts'
import { BASELINE_NAMES } from '../baseline/find-baseline.ts'
import { EXIT, ScanFailure } from '../command/exit-codes.ts'
import { findingText, visibleText } from '../command/finding-text.ts'
import type { CommonValues } from '../command/scan-flags.ts'
import {
  type Around,
  type JudgedFinding,
  type ScanOutcome,
  type ScanTarget,
  scan,
} from '../command/scan-session.ts'
import { messageTarget, pushTarget, receiveTarget, stagedTarget } from '../command/scan-targets.ts'
import { checkedRevision, gitOutput } from '../sources/git-command.ts'
import { BYPASS, type HookName } from './hook-script.ts'

/** Findings that are told; the rest is counted. */
const MOST_TOLD = 20

const WHAT: Readonly<Record<HookName, string>> = {
  'pre-commit': 'what is about to be committed',
  'commit-msg': "the commit's message",
  'pre-push': 'what is about to be pushed',
  'pre-receive': 'this push',
}

const STOPPED: Readonly<Record<HookName, string>> = {
  'pre-commit': 'Nothing was committed.',
  'commit-msg': 'Nothing was committed.',
  'pre-push': 'Nothing was pushed.',
  'pre-receive': 'The push is refused as a whole.',
}

const ADVICE: Readonly<Record<HookName, string>> = {
  'pre-commit':
    'Take it out of the file and stage it again. A finding that is known and harmless: strongroom scan baseline.',
  'commit-msg': 'Write the message without it.',
  'pre-push':
    'Rotate it if anybody else may have it, and take it out of the commits (git rebase -i).\n' +
    'A finding that is known and harmless: strongroom scan baseline.',
  'pre-receive':
    'Take it out of these commits (git rebase -i) and push again. It was not published, but it was sent: rotate it.',
}

/** Runs the scan of a hook. Answers 0 where git may go on. */
export async function runHook(
  hook: HookName,
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<number> {
  const isServer = hook === 'pre-receive'
  const rules = isServer ? serverValues(of, values) : values
  const outcome = await scan(await targetFor(hook, of, rules, around), rules, around, true)
  const open = outcome.findings.filter((one) => one.is !== 'known')
  const { stderr } = around.streams
  if (open.length > 0) {
    tellFindings(hook, open, around)
    tellGaps(outcome, stderr)
    return EXIT.found
  }
  if (outcome.failure !== '') stderr.write(`strongroom: ${visibleText(outcome.failure)}\n`)
  if (!outcome.isPartial) return EXIT.clean
  tellGaps(outcome, stderr)
  const wish = String(of.values.partial ?? '')
  const isRefused = wish === '' ? isServer || outcome.code === EXIT.error : wish === 'refuse'
  if (!isRefused) return EXIT.clean
  stderr.write(`${STOPPED[hook]}${bypassWords(hook)}\n`)
  return outcome.code === EXIT.error ? EXIT.error : EXIT.partial
}

/** Comments of those who push allow nothing on a server, unless it says so. */
const serverValues = (of: Invocation, values: CommonValues): CommonValues => ({
  ...values,
  'no-allow-comments': of.values['allow-comments'] !== true,
  timeout: values.timeout > 0 ? values.timeout : SCAN_HOOK_SECONDS,
})

async function targetFor(
  hook: HookName,
  of: Invocation,
  values: CommonValues,
  around: Around,
): Promise<ScanTarget> {
  if (hook === 'pre-commit') return stagedTarget({ ...of, args: [] }, values)
  if (hook === 'commit-msg') return messageTarget(of.args[0]!, values)
  if (hook === 'pre-push') return pushTarget(of.args[0], values, around)
  const target = await receiveTarget(values, around)
  const ref = String(of.values['known-from'] ?? '')
  if (ref === '' || values.baseline !== '') return target
  return { ...target, baseline: await baselineOf(ref, around.env) }
}

/**
 * The baseline of a branch as it stands before the push: what somebody merged there counts for all. Null where the branch
 * or its baseline is not there yet. Throws ScanFailure.
 */
async function baselineOf(ref: string, env: NodeJS.ProcessEnv): Promise<Baseline | null> {
  const place = { directory: '.', env }
  for (const name of BASELINE_NAMES) {
    const blob = `${checkedRevision(ref)}:${name}`
    const size = await gitOutput(place, ['cat-file', '-s', blob]).catch(() => null)
    if (size === null) continue
    if (Number(size) > SCAN_BASELINE_BYTES) throw new ScanFailure(`${blob}: too large`)
    const text = await gitOutput(place, ['cat-file', 'blob', blob])
    try {
      return parseBaseline(fromByteString(text))
    } catch (error) {
      if (error instanceof BaselineError) throw new ScanFailure(`${blob}: ${error.message}`)
      throw error
    }
  }
  return null
}

const bypassWords = (hook: HookName): string =>
  BYPASS[hook] === '' ? '' : ` Without the scan: ${BYPASS[hook]}`

function tellFindings(hook: HookName, open: readonly JudgedFinding[], around: Around): void {
  const { stderr } = around.streams
  const count = open.length === 1 ? 'a secret' : `${open.length} secrets`
  stderr.write(`strongroom found ${count} in ${WHAT[hook]}:\n`)
  for (const one of open.slice(0, MOST_TOLD)) stderr.write(told(hook, one))
  if (open.length > MOST_TOLD) stderr.write(`and ${open.length - MOST_TOLD} more\n`)
  stderr.write(`${STOPPED[hook]} ${ADVICE[hook]}${bypassWords(hook)}\n`)
}

/** A pusher's words go over a wire into logs: no part of the secret is among them. */
function told(hook: HookName, { finding, fingerprint, is, expires }: JudgedFinding): string {
  const note = is === 'expired' ? `known until ${expires}` : ''
  if (hook !== 'pre-receive') {
    return findingText(finding, fingerprint, note, { isColored: false, isShown: false })
  }
  const place = finding.startLine > 0 ? `:${finding.startLine}` : ''
  const lines = [
    `${visibleText(finding.file)}${place}  ${finding.ruleId}${note === '' ? '' : `  (${note})`}`,
    `    ${visibleText(finding.description)}`,
  ]
  if (finding.commit?.sha) lines.push(`    commit ${finding.commit.sha}`)
  lines.push(`    ${fingerprint}`)
  return `${lines.join('\n')}\n`
}

function tellGaps(outcome: ScanOutcome, stderr: NodeJS.WritableStream): void {
  const gaps = outcome.skipped.filter((one) => one.makesPartial)
  if (gaps.length === 0) return
  stderr.write('strongroom could not look at all of it:\n')
  for (const { what, why } of gaps.slice(0, MOST_TOLD)) {
    stderr.write(`  ${visibleText(what)}: ${visibleText(why)}\n`)
  }
  if (gaps.length > MOST_TOLD) stderr.write(`  and ${gaps.length - MOST_TOLD} more\n`)
}
