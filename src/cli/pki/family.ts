// The group "pki".
import type { Family } from '../command.ts'

export const pkiFamily: Family = {
  name: 'pki',
  synopsis: 'Work with the PKI secrets engine',
  about: [
    'Makes certificate authorities over several mounts, tells which certificate signed which, and looks for ' +
      'what may go wrong with a mount.',
  ],
  examples: [
    {
      does: 'An intermediate in one mount, signed by the issuer of another:',
      run: ['{} pki issue pki/issuer/default pki_int common_name="Example Intermediate" ttl=8760h'],
    },
    {
      does: 'Which issuers of all mounts the root has signed:',
      run: ['{} pki list-intermediates pki/issuer/default'],
    },
    { does: 'What may go wrong with a mount:', run: ['{} pki health-check pki'] },
  ],
}
