// `strongroom scan`: its verbs and their flags. Exit codes are those of exit-codes.ts; a wrong flag is an error (2).
import { systemClock } from '../../base/clock.ts'
import {
  type CobraCommand,
  type CobraStreams,
  exactArguments,
  type Invocation,
  mostArguments,
  runCobra,
} from '../../base/cobra.ts'
import { boolFlag, type PFlags, stringFlag } from '../../base/pflag.ts'
import { EXIT, ScanFailure } from './exit-codes.ts'
import { hookCommand, hooksCommand } from './hook-commands.ts'
import { BASELINE_FLAGS, COMMON_FLAGS, type CommonValues, GIT_FLAGS } from './scan-flags.ts'
import { type Around, type ScanTarget, scan } from './scan-session.ts'

type Verb = (of: Invocation, values: CommonValues, around: Around) => Promise<number>
type MakeTarget = (
  of: Invocation,
  values: CommonValues,
  around: Around,
) => ScanTarget | Promise<ScanTarget>

/** A verb that scans what `make` describes. */
const scanning =
  (make: MakeTarget): Verb =>
  async (of, values, around) =>
    (await scan(await make(of, values, around), values, around)).code

const targets = () => import('./scan-targets.ts')

function commandTree(around: Around): CobraCommand {
  const run = (verb: Verb) => (of: Invocation) =>
    verb(of, of.values as unknown as CommonValues, around)
  const source = (make: MakeTarget) => run(scanning(make))
  return {
    use: 'scan [flags] [PATH…]',
    short: 'Find secrets in files, git history, images, archives, logs and manifests',
    long: ABOUT,
    example: EXAMPLES,
    persistentFlags: COMMON_FLAGS as PFlags,
    run: source(async (of, ...rest) => (await targets()).pathsTarget(of.args, ...rest)),
    commands: [
      {
        use: 'dir [PATH…]',
        short: 'Scan files and folders as they are (the same as without a verb)',
        run: source(async (of, ...rest) => (await targets()).pathsTarget(of.args, ...rest)),
      },
      {
        use: 'git [REPOSITORY]',
        short: 'Scan the history of all branches and tags',
        flags: GIT_FLAGS as PFlags,
        accepts: mostArguments(1),
        run: run(async (of, values, at) =>
          (await import('./scan-history.ts')).scanHistory(of, values, at),
        ),
      },
      {
        use: 'staged [REPOSITORY]',
        short: 'Scan what the next commit would add',
        accepts: mostArguments(1),
        run: source(async (of, values) => (await targets()).stagedTarget(of, values)),
      },
      {
        use: 'stdin',
        short: 'Scan standard input, as it comes (the same as "scan -")',
        accepts: mostArguments(0),
        run: source(async (_, ...rest) => (await targets()).stdinTarget(...rest)),
      },
      {
        use: 'image FILE…',
        short: 'Scan container images: layouts of OCI, archives of "docker save"',
        run: source(async (of, values) => (await targets()).imageTarget(of.args, values)),
      },
      {
        use: 'archive FILE…',
        short: 'Scan what is in archives',
        run: source(async (of, values) => (await targets()).archiveTarget(of.args, values)),
      },
      {
        use: 'logs FILE…',
        short: 'Scan logs of CI jobs and of applications',
        run: source(async (of, ...rest) => (await targets()).logsTarget(of.args, ...rest)),
      },
      {
        use: 'k8s [FILE…]',
        short: 'Scan ConfigMaps: of files, or with --live of a cluster',
        flags: {
          live: boolFlag('read the ConfigMaps of the cluster that kubeconfig names'),
          kubeconfig: stringFlag('kubeconfig `file`; else KUBECONFIG or ~/.kube/config'),
          context: stringFlag('context of the kubeconfig'),
          namespace: stringFlag('only this namespace', '', { shorthand: 'n' }),
        } as PFlags,
        run: source(async (...all) => (await targets()).kubernetesTarget(...all)),
      },
      hookCommand(run),
      hooksCommand(run),
      baselineCommand(run),
      {
        use: 'review [PATH…]',
        short: 'Decide on each new finding, on a terminal',
        long: REVIEW,
        flags: {
          history: boolFlag('review the history instead of the files'),
          owner: BASELINE_FLAGS.owner,
          expires: BASELINE_FLAGS.expires,
        } as PFlags,
        run: run(async (of, values, at) => (await import('./review.ts')).review(of, values, at)),
      },
      rulesCommand(run),
      {
        use: 'config',
        short: 'Check files of rules',
        commands: [
          {
            use: 'check FILE',
            short: 'Say whether a file of rules can be used, and what is in it',
            accepts: exactArguments(1),
            run: run(async (of, values, at) =>
              (await import('./rules-commands.ts')).checkConfig(of, values, at),
            ),
          },
        ],
      },
    ],
  }
}

function baselineCommand(run: (verb: Verb) => CobraCommand['run'] & object): CobraCommand {
  const history = boolFlag('the findings of the history instead of those of the files')
  const commands = () => import('./baseline-commands.ts')
  return {
    use: 'baseline',
    short: 'Keep the list of findings that are known and have a reason',
    commands: [
      {
        use: 'create [PATH…]',
        short: 'Write a baseline with all findings there are now',
        flags: { ...BASELINE_FLAGS, history } as PFlags,
        run: run(async (...all) => (await commands()).createBaseline(...all)),
      },
      {
        use: 'update [PATH…]',
        short: 'Add the findings that are new',
        flags: { ...BASELINE_FLAGS, history } as PFlags,
        run: run(async (...all) => (await commands()).updateBaseline(...all)),
      },
      {
        use: 'prune [PATH…]',
        short: 'Drop entries that no finding needs any more',
        run: run(async (...all) => (await commands()).pruneBaseline(...all)),
      },
    ],
  }
}

function rulesCommand(run: (verb: Verb) => CobraCommand['run'] & object): CobraCommand {
  const commands = () => import('./rules-commands.ts')
  return {
    use: 'rules',
    short: 'List, explain and try rules',
    commands: [
      {
        use: 'list',
        short: 'List the rules that a scan would use',
        accepts: mostArguments(0),
        run: run(async (...all) => (await commands()).listRules(...all)),
      },
      {
        use: 'explain RULE',
        short: 'Tell what a rule looks for and what to do about a finding',
        accepts: exactArguments(1),
        run: run(async (...all) => (await commands()).explainRule(...all)),
      },
      {
        use: 'test RULE [FILE]',
        short: 'Try a rule on a file or on standard input, and say why texts are left out',
        run: run(async (...all) => (await commands()).testRule(...all)),
      },
    ],
  }
}

const ABOUT = `Finds secrets: keys, passwords and tokens that should not be where they are.

Without a verb it scans files and folders as they are, "." if none is named; "-" is standard input.
Findings are printed as they are found, with the secrets masked; what could not be looked at is said.

Exit codes: 0 nothing found, 1 found (--exit-code changes it), 2 error, 3 nothing found but the scan is partial.`

const EXAMPLES = `  strongroom scan                        the files below "."
  strongroom scan git                    all of the history
  strongroom scan staged                 what the next commit would add
  app 2>&1 | strongroom scan -           a log as it is written
  strongroom scan -f sarif -r scan.sarif`

const REVIEW = `Shows each finding that the baseline doesn't know and asks: y makes it known, with a reason; n leaves it a
finding; s skips it for now; q ends. Nothing is written but the baseline.`

/** Runs `strongroom scan` with the arguments after "scan"; answers the exit code. */
export async function scanProgram(argv: readonly string[], streams: CobraStreams): Promise<number> {
  const around: Around = { streams, env: process.env, clock: systemClock }
  const commands = [commandTree(around)]
  const root: CobraCommand = { use: 'strongroom', short: '', commands, hasShortErrors: true }
  try {
    const { code, error } = await runCobra(root, ['scan', ...argv], streams)
    return error === null ? code : EXIT.error
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error
    streams.stderr.write(`strongroom scan: ${error.message}\n`)
    return EXIT.error
  }
}
