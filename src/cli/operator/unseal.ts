// operator unseal: one key share after the other.
// API: sys/unseal. A share given as an argument stays in the history of the shell.
import { wrapText } from '../columns.ts'
import { defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { booleanFlag } from '../flags.ts'
import { printSealStatus } from '../seal-status.ts'
import { askKey } from './ask-key.ts'

export const operatorUnseal = defineCommand({
  name: 'operator unseal',
  synopsis: 'Unseal the server',
  usage: '[options] [KEY]',
  about: [
    'Enters one key share. With enough of them the server unseals. Without an argument the share is asked ' +
      'for and not shown, which keeps it out of the history of the shell.',
  ],
  examples: [
    { does: 'Enter a share:', run: ['{} operator unseal'] },
    { does: 'Forget the shares entered so far:', run: ['{} operator unseal -reset'] },
  ],
  flags: {
    reset: booleanFlag('Forget the key shares that were entered so far.'),
    migrate: booleanFlag('Enter the share for a migration to another seal.'),
  },
  arity: { min: 0, max: 1, expected: '1' },
  async run({ ui, flags, common, args, input, client }) {
    const api = await client()
    if (flags.reset) {
      const status = await attempt('Error resetting unseal process', () =>
        api.json('PUT', 'sys/unseal', { body: toJson({ reset: true }) }),
      )
      return printSealStatus(ui, api, status)
    }
    let key = (args[0] ?? '').trim()
    if (key === '') {
      if (common['non-interactive']) {
        const message = 'Refusing to read from stdin with -non-interactive specified'
        throw new Failure(
          1,
          wrapText(`${message}; specify unseal key as an argument to this command`),
        )
      }
      key = await askKey(ui, input, 'Unseal', 'give the share as the argument of this command')
    }
    const body = toJson({ key, reset: false, migrate: flags.migrate })
    const status = await attempt('Error unsealing', () => api.json('PUT', 'sys/unseal', { body }))
    return printSealStatus(ui, api, status)
  },
})
