// read: GET any path.
// With -format=raw the body goes out as it came.
import { barePath } from './api-paths.ts'
import { defineCommand } from './command.ts'
import { asQuery, parseData } from './data-arguments.ts'
import { attempt, Failure } from './failure.ts'
import { fieldOf, outputSecret, printField } from './output.ts'

export const read = defineCommand({
  name: 'read',
  synopsis: 'Read data and secrets',
  usage: '[options] PATH [DATA K=V...]',
  about: [
    'Reads what is at a path: a secret, generated credentials, a configuration. Data given as K=V goes ' +
      'along as query parameters.',
  ],
  examples: [
    { does: 'Read a secret:', run: ['{} read secret/my-secret'] },
    {
      does: 'Only one field, without a newline:',
      run: ['{} read -field=ttl auth/token/lookup-self'],
    },
    { does: 'The body as the server sent it:', run: ['{} read -format=raw sys/health'] },
  ],
  output: ['field', 'format'],
  arity: { min: 1, max: null },
  allowsRaw: true,
  completes: ['paths', 'nothing'],
  async run({ ui, args, input, common, client }) {
    const api = await client()
    const path = barePath(args[0]!)
    const query = asQuery(await parseData(args.slice(1), input))
    if (ui.format === 'raw') {
      const answer = await attempt(`Error reading: ${path}`, () =>
        api.request('GET', path, { query }),
      )
      ui.out(answer.body)
      return 0
    }
    const secret = await attempt(`Error reading ${path}`, () => api.read(path, query))
    if (!secret) throw new Failure(2, `No value found at ${path}`)
    if (common.field) return printField(ui, fieldOf(secret, common.field), common.field)
    return outputSecret(ui, secret)
  },
})
