// policy fmt: a policy file in the standard layout; works without a server.
// A file that does not parse is left as it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { formatHcl } from '../base/hcl-format.ts'
import { defineCommand, ONE_ARGUMENT } from './command.ts'
import { Failure, messageOf } from './failure.ts'
import { expandHome } from './token-helper.ts'

export const policyFmt = defineCommand({
  name: 'policy fmt',
  synopsis: 'Format a policy file',
  usage: '[options] PATH',
  about: ['Lays a policy file out in the standard way and writes it back. A server is not needed.'],
  examples: [{ does: 'Format a file:', run: ['{} policy fmt my-policy.hcl'] }],
  isHttp: false,
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['files'],
  async run({ ui, args }) {
    const path = expandHome(args[0]!.trim())
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      throw new Failure(1, `Error reading source file: ${messageOf(error)}`)
    }
    let formatted: string
    try {
      formatted = formatHcl(text)
    } catch (error) {
      throw new Failure(1, `Failed to parse policy: ${messageOf(error)}`)
    }
    writeFileSync(path, formatted)
    ui.out(`Success! Formatted policy: ${path}`)
    return 0
  },
})
