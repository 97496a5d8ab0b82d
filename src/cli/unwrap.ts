// unwrap: the data behind a wrapping token.
// API: sys/wrapping/unwrap. A wrapping token works once, also for the wrong person.
import { defineCommand } from './command.ts'
import { attempt } from './failure.ts'
import { fieldOf, keysOf, outputList, outputSecret, printField } from './output.ts'

export const unwrap = defineCommand({
  name: 'unwrap',
  synopsis: 'Unwrap a wrapped secret',
  usage: '[options] [TOKEN]',
  about: [
    'Prints what a wrapping token wraps. The token works once. Without one, the token of the current login ' +
      'is taken to be the wrapping token.',
  ],
  examples: [
    { does: 'Unwrap:', run: ['{} unwrap hvs.CAESIK…'] },
    { does: 'Unwrap the current token:', run: ['{} unwrap'] },
  ],
  output: ['field', 'format'],
  arity: { min: 0, max: 1 },
  async run({ ui, args, common, client }) {
    const api = await client()
    const token = (args[0] ?? '').trim()
    const secret = await attempt('Error unwrapping', () => api.unwrap(token))
    if (!secret) {
      if (ui.format === 'table') {
        ui.out('Successfully unwrapped. There was no data in the wrapped secret.')
      }
      return 0
    }
    if (common.field) return printField(ui, fieldOf(secret, common.field), common.field)
    return keysOf(secret) ? outputList(ui, secret) : outputSecret(ui, secret)
  },
})
