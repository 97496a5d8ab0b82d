// The group "token".
// Groups only have help; what they do is in the commands inside them.
import type { Family } from '../command.ts'

export const tokenFamily: Family = {
  name: 'token',
  synopsis: 'Work with tokens',
  about: ['Creates tokens and looks them up, renews and revokes them.'],
  examples: [
    { does: 'Create a token with a policy:', run: ['{} token create -policy=my-policy -ttl=1h'] },
    { does: 'What the current token is:', run: ['{} token lookup'] },
    {
      does: 'Revoke a token:',
      run: ['{} token revoke -accessor 9793c9b3-e04a-46f3-e7b8-748d7da248da'],
    },
  ],
}
