// token capabilities.
// API: sys/capabilities and sys/capabilities-self.
import { defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { outputData } from '../output.ts'
import { textsOf } from '../secret.ts'

export const tokenCapabilities = defineCommand({
  name: 'token capabilities',
  synopsis: 'Print what a token may do on a path',
  usage: '[options] [TOKEN] PATH',
  about: ['Prints the capabilities of a token on a path; of the current token if none is named.'],
  examples: [
    { does: 'What this token may do:', run: ['{} token capabilities secret/data/app/db'] },
    { does: 'What another one may:', run: ['{} token capabilities hvs.CAESI… cubbyhole/foo'] },
  ],
  arity: { min: 1, max: 2 },
  async run({ ui, args, client }) {
    const api = await client()
    const path = args.at(-1)!
    const token = args.length === 2 ? args[0]! : api.token
    const isSelf = token === api.token
    const capabilities = await attempt('Error listing capabilities', async () => {
      const target = isSelf ? 'sys/capabilities-self' : 'sys/capabilities'
      const answer = await api.write(target, toJson({ token, path }), 'POST')
      return textsOf(answer?.data, path) ?? textsOf(answer?.data, 'capabilities')
    })
    if (!capabilities) throw new Failure(1, 'No capabilities found')
    if (ui.format !== 'table') return outputData(ui, capabilities)
    ui.out(capabilities.toSorted().join(', '))
    return 0
  },
})
