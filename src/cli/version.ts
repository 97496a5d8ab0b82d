// version: which version this command is of.
// Works without a server.
import { API_LEVEL, OWN_VERSION } from '../base/version.ts'
import { ANY_ARGUMENTS, defineCommand } from './command.ts'

export const version = defineCommand({
  name: 'version',
  synopsis: 'Print the version of this command',
  usage: '',
  about: ['Prints the version of this command and the level of the API that it speaks.'],
  isHttp: false,
  output: [],
  arity: ANY_ARGUMENTS,
  async run({ ui }) {
    ui.out(`Strongroom v${OWN_VERSION} (API level ${API_LEVEL})`)
    return 0
  },
})
