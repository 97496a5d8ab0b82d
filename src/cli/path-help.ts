// path-help: what the server says about a path.
// API: GET PATH?help=1.
import { barePath } from './api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from './command.ts'
import { OrderedMap, printExactJson } from './exact-json.ts'
import { attempt } from './failure.ts'
import { textOf } from './secret.ts'

export const pathHelp = defineCommand({
  name: 'path-help',
  synopsis: 'Show what the server says about a path',
  usage: '[options] PATH',
  about: [
    'Shows the help of the engine that serves a path: its endpoints, or the fields of one of them. The path has ' +
      'to exist, and the server to be unsealed. -format=json prints the OpenAPI description.',
  ],
  examples: [
    { does: 'The endpoints of an engine:', run: ['{} path-help secret'] },
    { does: 'The fields of an endpoint:', run: ['{} path-help auth/token/create'] },
  ],
  arity: ONE_ARGUMENT,
  completes: ['paths'],
  async run({ ui, args, client }) {
    const api = await client()
    const path = barePath(args[0]!)
    const query = new Map([['help', ['1']]])
    const help = await attempt('Error retrieving help', () => api.json('GET', path, { query }))
    if (ui.format === 'json') ui.out(printExactJson(help.get('openapi') ?? new OrderedMap()))
    else ui.out(textOf(help, 'help'))
    return 0
  },
})
