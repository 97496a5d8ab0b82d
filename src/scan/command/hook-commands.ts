// `scan hooks`, which people call, and `scan hook`, which installed hooks call: their flags and arguments.
import {
  type CobraCommand,
  exactArguments,
  type Invocation,
  mostArguments,
} from '../../base/cobra.ts'
import { boolFlag, type PFlags, stringFlag } from '../../base/pflag.ts'
import type { HookName } from '../hooks/hook-script.ts'
import type { CommonValues } from './scan-flags.ts'
import type { Around } from './scan-session.ts'

type Verb = (of: Invocation, values: CommonValues, around: Around) => Promise<number>
type Run = (verb: Verb) => CobraCommand['run'] & object

const HOOK_FLAGS = {
  partial: stringFlag(
    'what becomes of changes that could not be looked at as a whole:\nallow or refuse; else a server refuses them',
    '',
    { choices: ['allow', 'refuse'] },
  ),
  'allow-comments': boolFlag('of pre-receive: let gitleaks:allow comments in a push count'),
  'known-from': stringFlag(
    'of pre-receive: the `branch` whose baseline counts, as it is before the push;\nelse the one that lies in the folder of the repository on the server',
  ),
}

const PLACE_FLAGS = {
  dir: stringFlag('the `repository`', '.'),
  global: boolFlag(
    "all of your repositories: the folder of git's core.hooksPath or, without that setting,\nthe template of new clones (init.templateDir)",
  ),
  'pre-commit': boolFlag('the hook that looks at what is about to be committed'),
  'commit-msg': boolFlag("the hook that looks at a commit's message"),
  'pre-push': boolFlag('the hook that looks at the commits of a push'),
  'pre-receive': boolFlag('the hook that looks at a push on the server'),
}

/** Which arguments git gives a hook. */
const HOOKS: readonly (readonly [HookName, string, string, CobraCommand['accepts'] & object])[] = [
  ['pre-commit', '', 'Look at what is about to be committed', mostArguments(0)],
  ['commit-msg', ' FILE', "Look at a commit's message", exactArguments(1)],
  ['pre-push', ' [REMOTE [URL]]', 'Look at the commits of a push', mostArguments(2)],
  ['pre-receive', '', 'Look at a push on the server', mostArguments(0)],
]

export function hookCommand(run: Run): CobraCommand {
  return {
    use: 'hook',
    short: 'Scan as a hook of git: nothing is said where nothing is found',
    long: HOOK,
    persistentFlags: HOOK_FLAGS as PFlags,
    commands: HOOKS.map(([name, args, short, accepts]) => ({
      use: `${name}${args}`,
      short,
      accepts,
      run: run(async (...all) => (await import('../hooks/run-hook.ts')).runHook(name, ...all)),
    })),
  }
}

export function hooksCommand(run: Run): CobraCommand {
  const commands = () => import('../hooks/hooks-commands.ts')
  return {
    use: 'hooks',
    short: "Install git's hooks, and take them away again",
    long: HOOKS_ABOUT,
    persistentFlags: PLACE_FLAGS as PFlags,
    commands: [
      {
        use: 'install',
        short: 'Install hooks; flags of a scan count in each of their runs',
        flags: {
          force: boolFlag('also where a manager of hooks owns the place'),
          ...HOOK_FLAGS,
        } as PFlags,
        accepts: mostArguments(0),
        run: run(async (...all) => (await commands()).installHooks(...all)),
      },
      {
        use: 'uninstall',
        short: 'Take our hooks away and put back those that were there before',
        accepts: mostArguments(0),
        run: run(async (...all) => (await commands()).uninstallHooks(...all)),
      },
      {
        use: 'status',
        short: 'Say which hooks are installed; 1 is the exit code where one is not',
        accepts: mostArguments(0),
        run: run(async (...all) => (await commands()).hooksStatus(...all)),
      },
    ],
  }
}

const HOOK = `What installed hooks call. Another manager of hooks can call it too; arguments and standard input are those
that git gives the hook. Exit code 0 lets git go on.`

const HOOKS_ABOUT = `Installs hooks where git looks for them. Without the name of one: pre-commit, commit-msg and pre-push in
a clone, pre-receive in a bare repository. A hook that is there already is kept, and runs first.`
