// version-history: which versions have run on this storage.
// API: LIST sys/version-history.
import { formatTable } from './columns.ts'
import { defineCommand } from './command.ts'
import { attempt, Failure } from './failure.ts'
import { formatValue } from './go-format.ts'
import { keysOf, outputData } from './output.ts'
import { mapOf, secretJson } from './secret.ts'

export const versionHistory = defineCommand({
  name: 'version-history',
  synopsis: 'List the versions that have run on this storage',
  usage: '[options]',
  about: ['Lists the versions of the server that have run on its storage, and since when.'],
  examples: [{ does: 'List them:', run: ['{} version-history'] }],
  async run({ ui, client }) {
    const api = await client()
    const answer = await attempt('Error reading version history', () =>
      api.list('sys/version-history'),
    )
    const keys = keysOf(answer)
    if (!answer || !keys) throw new Failure(2, 'The server sent no version history')
    if (ui.format !== 'table') return outputData(ui, secretJson(answer))
    const info = mapOf(answer.data, 'key_info')
    const rows = keys.map((key) => {
      const version = mapOf(info, String(key))
      const built = version?.get('commit_date') ?? version?.get('build_date') ?? ''
      return [String(key), formatValue(version?.get('timestamp_installed')), formatValue(built)]
    })
    ui.out(formatTable([['Version', 'Installation Time', 'Commit Date'], ...rows], '  '))
    return 0
  },
})
