// monitor: the log of the server as it is written.
// API: sys/monitor, a stream that ends when the server or this command does.
import { defineCommand } from './command.ts'
import { attempt, Failure } from './failure.ts'
import { stringFlag } from './flags.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error']
const LOG_FORMATS = ['standard', 'json']

export const monitor = defineCommand({
  name: 'monitor',
  synopsis: 'Follow the log of the server',
  usage: '[options]',
  about: ['Shows the log of the server as it is written, until the command is stopped.'],
  examples: [{ does: 'With details:', run: ['{} monitor -log-level=debug'] }],
  output: [],
  flags: {
    'log-level': stringFlag(`The least level to show: ${LEVELS.join(', ')}.`, {
      initial: 'info',
      completes: LEVELS,
    }),
    'log-format': stringFlag(`How lines look: ${LOG_FORMATS.join(', ')}.`, {
      initial: 'standard',
      completes: LOG_FORMATS,
    }),
  },
  async run({ ui, flags, client }) {
    const level = flags['log-level'].toLowerCase()
    const format = flags['log-format'].toLowerCase()
    if (!LEVELS.includes(level)) {
      const known = LEVELS.join(' ')
      throw new Failure(1, `${level} is an unknown log level. Valid log levels are: [${known}]`)
    }
    if (!LOG_FORMATS.includes(format)) {
      const known = LOG_FORMATS.join(' ')
      throw new Failure(1, `${format} is an unknown log format. Valid log formats are: [${known}]`)
    }
    const api = await client()
    const query = new Map([
      ['log_level', [level]],
      ['log_format', [format]],
    ])
    await attempt('Error starting monitor', () =>
      api.stream('sys/monitor', query, (text) => ui.prompt(text)),
    )
    return 0
  },
})
