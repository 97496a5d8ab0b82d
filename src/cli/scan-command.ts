// scan, as the list of commands and completion know it: it has a parser of its own (src/scan/command), which main.ts
// hands the line to before anything here is parsed.
import { ANY_ARGUMENTS, defineCommand } from './command.ts'

export const scanCommand = defineCommand({
  name: 'scan',
  synopsis: 'Find secrets in files, git history, images, archives and logs',
  usage: '[flags] [PATH...]',
  about: [
    'Finds secrets where they should not be. "strongroom scan --help" lists its verbs and flags; docs/scanner.md is a first page.',
  ],
  examples: [
    { does: 'The files below the current folder:', run: ['{} scan'] },
    { does: 'All of the history, and what is staged:', run: ['{} scan git', '{} scan staged'] },
  ],
  isHttp: false,
  output: [],
  arity: ANY_ARGUMENTS,
  completes: ['files'],
  async run({ args }) {
    const { scanProgram } = await import('../scan/command/program.ts')
    return scanProgram(args, process)
  },
})
