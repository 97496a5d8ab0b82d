// Every path of a v2 mount that is none of its endpoints: mostly a client that takes the mount for v1. The
// answer says which command would have worked.
import { methodNotAllowed } from '../../base/errors.ts'
import { string } from '../../schema/field.ts'
import type { Answer } from '../../sdk/answer.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { ROOT_ANSWER } from './path-answers.ts'

const { read, write, patch, remove, list, scan } = endpoints()

const ENDPOINTS: readonly string[] = [
  'data',
  'delete',
  'destroy',
  'detailed-metadata',
  'metadata',
  'subkeys',
  'undelete',
]
const ROOTS: readonly string[] = ['data', 'delete', 'destroy', 'metadata', 'undelete']

function invalid(command: string) {
  return {
    about: 'Tells that the path is none of a versioned mount.',
    hidden: true,
    effects: false,
    body: 'free',
    params: { path: string('The path.', { required: true }) },
    handle: async (_ctx: unknown, { path }: { readonly path: string }): Promise<Answer> => {
      // An endpoint that is there, asked for an operation that it hasn't.
      const name = path.split('/', 1)[0]!
      if (path === 'config' || (path !== name && ENDPOINTS.includes(name)))
        throw methodNotAllowed('1 error occurred:\n\t* unsupported operation\n\n')
      if (ROOTS.includes(path)) return ROOT_ANSWER
      return {
        data: null,
        status: 404,
        warnings: [
          'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API ' +
            `endpoints to use. If using the Vault CLI, use 'vault kv ${command}' for this operation.`,
        ],
      }
    },
  } as const
}

export const invalidRows = [
  read('*path', invalid('get')),
  write('*path', invalid('put')),
  patch('*path', invalid('patch')),
  remove('*path', invalid('delete')),
  list('*path', invalid('list')),
  scan('*path', invalid('scan')),
]
