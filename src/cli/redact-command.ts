// redact, as the list of commands and completion know it: it has a parser of its own (src/scan/command), which main.ts
// hands the line to before anything here is parsed.
import { defineCommand, NO_ARGUMENTS } from './command.ts'

export const redactCommand = defineCommand({
  name: 'redact',
  synopsis: 'Mask the secrets in a log that passes through',
  usage: '[flags]',
  about: [
    'Passes standard input on with every secret masked and all other bytes as they are. "strongroom redact --help" lists its flags.',
  ],
  examples: [{ does: 'Keep secrets out of a log:', run: ['app 2>&1 | {} redact >> app.log'] }],
  isHttp: false,
  output: [],
  arity: NO_ARGUMENTS,
  async run({ args }) {
    const { redactProgram } = await import('../scan/command/redact-program.ts')
    return redactProgram(args, process)
  },
})
