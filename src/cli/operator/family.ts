// The group "operator".
// Groups only have help; what they do is in the commands inside them.
import type { Family } from '../command.ts'

export const operatorFamily: Family = {
  name: 'operator',
  synopsis: 'Run a server: initialise, unseal, rotate keys',
  about: ['What those who run a server do: bring it up, seal it, and renew its keys.'],
  examples: [
    { does: 'Initialise a new server:', run: ['{} operator init -key-shares=5 -key-threshold=3'] },
    { does: 'Unseal it; once for each key share:', run: ['{} operator unseal'] },
    { does: 'Rotate the key that new data is encrypted with:', run: ['{} operator rotate'] },
  ],
}
