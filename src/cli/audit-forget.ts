// audit forget-heads: lets the server forget how far writers wrote whose files were deleted on purpose, so that
// `audit verify -heads` no longer misses them. It is recorded like every other request.

import { systemClock } from '../base/clock.ts'
import { folderPath } from './api-paths.ts'
import { defineCommand } from './command.ts'
import { attempt, Failure } from './failure.ts'
import { stringFlag } from './flags.ts'
import { outputData } from './output.ts'
import { textsOf } from './secret.ts'

const HEADS_PATH = 'sys/audit-chain'

export const auditForgetHeads = defineCommand({
  name: 'audit forget-heads',
  synopsis: 'Forget audit writers whose files were deleted on purpose',
  usage: '[options]',
  about: [
    'The server keeps how far each writer of an audit log wrote, and "audit verify -heads" asks for all those ' +
      'lines. Once files were deleted on purpose (kept long enough, or the device was disabled) this lets the ' +
      'server forget the writers that wrote nothing since a point in time. Writers that still write stay: where ' +
      'the file of an enabled device was deleted, disable the device, delete what is there of the file, enable ' +
      'the device again, and then forget.',
    'Takes the right to sudo on sys/audit-chain. The answer names the writers.',
  ],
  examples: [
    {
      does: 'After logs from before this year were deleted:',
      run: ['{} audit forget-heads -before=2026-01-01T00:00:00Z'],
    },
    {
      does: 'After a device was disabled and its log deleted:',
      run: ['{} audit forget-heads -before=now -device=file/'],
    },
  ],
  flags: {
    before: stringFlag(
      'Only writers that wrote nothing since then: a time as 2026-01-31T12:00:00Z, Unix seconds, or "now".',
    ),
    device: stringFlag('Only writers of the device at this path.', { completes: 'audits' }),
  },
  async run({ ui, flags, client }) {
    if (flags.before === '') {
      throw new Failure(
        1,
        'Error forgetting heads: -before is missing, as -before=2026-01-31T12:00:00Z',
      )
    }
    const query = new Map([['before', [flags.before === 'now' ? nowText() : flags.before]]])
    if (flags.device !== '') query.set('device', [folderPath(flags.device)])
    const api = await client()
    const answer = await attempt('Error forgetting heads', () => api.remove(HEADS_PATH, query))
    const forgotten = textsOf(answer?.data, 'forgotten') ?? []
    if (ui.format !== 'table') return outputData(ui, answer?.data ?? null)
    for (const writer of forgotten) ui.out(writer)
    const count = `${forgotten.length} writer${forgotten.length === 1 ? '' : 's'}`
    ui.out(forgotten.length === 0 ? 'No writer to forget.' : `Success! Forgot ${count}.`)
    return 0
  },
})

const nowText = (): string => new Date(systemClock.now()).toISOString()
