// The groups "secrets" and "auth".
// Groups only have help; what they do is in the commands inside them.
import type { Family } from '../command.ts'

export const secretsFamily: Family = {
  name: 'secrets',
  synopsis: 'Work with secrets engines',
  about: ['Enables, lists, moves, tunes and disables secrets engines.'],
  examples: [
    { does: 'List them:', run: ['{} secrets list'] },
    { does: 'Enable a key-value engine with versions:', run: ['{} secrets enable -version=2 kv'] },
  ],
}

export const authFamily: Family = {
  name: 'auth',
  synopsis: 'Work with auth methods',
  about: [
    'Enables, lists, moves, tunes and disables the methods by which people and machines log in.',
  ],
  examples: [
    { does: 'List them:', run: ['{} auth list'] },
    { does: 'Enable logins by name and password:', run: ['{} auth enable userpass'] },
    { does: 'How to log in with a method:', run: ['{} auth help userpass'] },
  ],
}
