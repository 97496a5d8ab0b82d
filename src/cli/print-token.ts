// print token: the token that commands would send.
// The one command that prints a stored secret, for use in other commands.
import { defineCommand, type Family } from './command.ts'

export const printFamily: Family = {
  name: 'print',
  synopsis: 'Print what is configured',
  about: ['Prints what commands would use.'],
  examples: [{ does: 'The current token:', run: ['{} print token'] }],
}

export const printToken = defineCommand({
  name: 'print token',
  synopsis: 'Print the current token',
  usage: '',
  about: [
    'Prints the token of the environment or of the token helper, as other commands would send it.',
  ],
  examples: [{ does: 'Use it elsewhere:', run: ['curl -H "X-Vault-Token: $({} print token)" …'] }],
  async run({ ui, client }) {
    ui.out((await client()).token)
    return 0
  },
})
