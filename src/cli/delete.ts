// delete: DELETE any path.
// Absence is no error: the server answers the same whether something was there or not.
import { barePath } from './api-paths.ts'
import { defineCommand } from './command.ts'
import { asQuery, parseData } from './data-arguments.ts'
import { attempt } from './failure.ts'
import { printWritten } from './write-result.ts'

export const remove = defineCommand({
  name: 'delete',
  synopsis: 'Delete secrets and configuration',
  usage: '[options] PATH [DATA K=V...]',
  about: [
    'Deletes what is at a path. What that does is up to the engine that is mounted there. Data given as ' +
      'K=V goes along as query parameters.',
  ],
  examples: [
    { does: 'Remove a value:', run: ['{} delete secret/my-secret'] },
    { does: 'Remove a role:', run: ['{} delete auth/token/roles/ci'] },
  ],
  output: ['field', 'format'],
  arity: { min: 1, max: null, expected: 'at least 1' },
  completes: ['paths', 'nothing'],
  async run({ ui, args, input, common, client }) {
    const api = await client()
    const path = barePath(args[0]!)
    const data = await parseData(args.slice(1), input, 'Failed to parse string list data')
    const secret = await attempt(`Error deleting ${path}`, () => api.remove(path, asQuery(data)))
    const success = `Success! Data deleted (if it existed) at: ${path}`
    return printWritten(ui, common, secret, success)
  },
})
