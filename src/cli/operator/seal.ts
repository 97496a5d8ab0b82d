// operator seal and step-down.
// API: sys/seal and sys/step-down.
import { defineCommand } from '../command.ts'
import { attempt } from '../failure.ts'

export const operatorSeal = defineCommand({
  name: 'operator seal',
  synopsis: 'Seal the server',
  usage: '[options]',
  about: [
    'Seals the server: it forgets its keys and answers no requests until it is unsealed again. Takes the ' +
      'sudo capability on sys/seal.',
  ],
  examples: [{ does: 'Seal:', run: ['{} operator seal'] }],
  output: [],
  async run({ ui, client }) {
    const api = await client()
    await attempt('Error sealing', () => api.request('PUT', 'sys/seal'))
    ui.out('Success! Vault is sealed.')
    return 0
  },
})

export const operatorStepDown = defineCommand({
  name: 'operator step-down',
  synopsis: 'Make the active node of a cluster stand back',
  usage: '[options]',
  about: [
    'Makes the active node of a cluster give up its place for a while. Where every node is active, it does ' +
      'nothing.',
  ],
  examples: [{ does: 'Step down:', run: ['{} operator step-down'] }],
  output: [],
  async run({ ui, client }) {
    const api = await client()
    await attempt('Error stepping down', () => api.request('PUT', 'sys/step-down'))
    ui.out(`Success! Stepped down: ${api.settings.address}`)
    return 0
  },
})
