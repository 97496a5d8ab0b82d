// status: whether the server is initialised, sealed and part of a cluster.
// API: sys/seal-status. Exit code 2 says sealed, so errors are a 1 here.
import { defineCommand } from './command.ts'
import { attempt, Failure } from './failure.ts'
import { printSealStatus } from './seal-status.ts'

export const status = defineCommand({
  name: 'status',
  synopsis: 'Print seal and HA status',
  usage: '[options]',
  about: [
    'Prints the state of the server: whether it is sealed, and whether it is part of a cluster. It works ' +
      'also while the server is sealed.',
    'The exit code says the same: 0 unsealed, 1 an error, 2 sealed.',
  ],
  examples: [
    { does: 'Wait until the server is unsealed:', run: ['until {} status; do sleep 1; done'] },
  ],
  async run({ ui, client }) {
    // 2 means sealed here, so every error is a 1.
    const api = await client().catch((error: unknown) => {
      throw error instanceof Failure ? new Failure(1, error.message) : error
    })
    api.namespace = ''
    const seal = await attempt(
      'Error checking seal status',
      () => api.json('GET', 'sys/seal-status'),
      1,
    )
    const code = await printSealStatus(ui, api, seal)
    return seal.get('sealed') === true ? 2 : code
  },
})
