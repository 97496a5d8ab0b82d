// completion: prints the script for a shell, for those who keep their shell files by hand.
// The same lines are what -autocomplete-install writes.
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { Failure } from '../failure.ts'
import { completionScript, SHELLS, type Shell } from './shells.ts'

export const completion = defineCommand({
  name: 'completion',
  synopsis: 'Print the completion script for a shell',
  usage: 'bash|zsh|fish',
  about: [
    'Prints the lines that make a shell complete commands, flags, paths and names. -autocomplete-install ' +
      '(without a command) puts them into the files of your shells, -autocomplete-uninstall takes them out.',
  ],
  examples: [
    { does: 'For this session of bash:', run: ['source <({} completion bash)'] },
    { does: 'For fish:', run: ['{} completion fish > ~/.config/fish/completions/{}.fish'] },
  ],
  isHttp: false,
  output: [],
  arity: ONE_ARGUMENT,
  completes: [SHELLS],
  async run({ ui, env, args }) {
    const shell = args[0]!
    if (!(SHELLS as readonly string[]).includes(shell)) {
      throw new Failure(1, `"${shell}" is none of the shells ${SHELLS.join(', ')}`)
    }
    const program = process.argv[1] ?? env.calledAs
    ui.prompt(completionScript(shell as Shell, env.calledAs, program))
    return 0
  },
})
