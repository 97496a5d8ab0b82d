// sys/loggers and sys/monitor: levels of the operator's log and its lines as they come, over all processes
// of this host. A level lasts until the server ends. Source: Vault's API pages of the same names.
import { badRequest } from '../../base/errors.ts'
import type { LogLevel } from '../../base/log.ts'
import { string } from '../../schema/field.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { changeLevel } from './host-wide.ts'
import { LogLineStream } from './log-line-stream.ts'

const { read, write, remove } = endpoints<CoreContext>()

/** Every name that Vault takes for a level. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  notice: 'info',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  err: 'error',
  error: 'error',
}

const levelField = { level: string('trace, debug, info, warn or error.') }
const nameParam = { name: string('Name of the logger.') }

function levelOf(text: string | undefined): LogLevel {
  if (!text) throw badRequest('level is required')
  const known = text.trim().toLowerCase()
  if (!Object.hasOwn(LEVELS, known)) {
    throw badRequest(`invalid level provided: unknown log level: ${text}`)
  }
  return LEVELS[known]!
}

function assertLogger(ctx: CoreContext, name: string): void {
  if (!ctx.host.logs.names().includes(name)) throw badRequest(`logger "${name}" not found`)
}

export const loggerEndpoints: readonly Row<CoreContext>[] = [
  read('loggers', {
    about: 'The loggers with their levels.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => {
      const { logs } = ctx.host
      const names = [...logs.names()].sort()
      return { data: Object.fromEntries(names.map((name) => [name, logs.levelOf(name)])) }
    },
  }),
  write('loggers', {
    about: 'Set the level of all loggers.',
    rootOnly: true,
    input: levelField,
    handle: async (ctx, { level }) => {
      await changeLevel(ctx.host, { name: null, level: levelOf(level) })
      return { empty: true }
    },
  }),
  remove('loggers', {
    about: 'Put all loggers back to the level of the configuration.',
    rootOnly: true,
    handle: async (ctx) => {
      await changeLevel(ctx.host, { name: null, level: null })
      return { empty: true }
    },
  }),
  read('loggers/:name', {
    about: 'The level of one logger.',
    rootOnly: true,
    params: nameParam,
    effects: false,
    handle: async (ctx, { name }) => {
      const { logs } = ctx.host
      return { data: logs.names().includes(name) ? { [name]: logs.levelOf(name) } : {} }
    },
  }),
  write('loggers/:name', {
    about: 'Set the level of one logger.',
    rootOnly: true,
    params: nameParam,
    input: levelField,
    handle: async (ctx, { name, level }) => {
      const wanted = levelOf(level)
      assertLogger(ctx, name)
      await changeLevel(ctx.host, { name, level: wanted })
      return { empty: true }
    },
  }),
  remove('loggers/:name', {
    about: 'Put one logger back to the level of the configuration.',
    rootOnly: true,
    params: nameParam,
    handle: async (ctx, { name }) => {
      assertLogger(ctx, name)
      await changeLevel(ctx.host, { name, level: null })
      return { empty: true }
    },
  }),
  read('monitor', {
    about: 'The lines of the log as they are written, until the client leaves.',
    rootOnly: true,
    effects: false,
    input: {
      log_level: string('The least level of the lines.', { default: 'info' }),
      log_format: string('standard or json.', { default: 'standard' }),
    },
    handle: async (ctx, { log_level, log_format }) => {
      const level = log_level.trim().toLowerCase()
      if (!Object.hasOwn(LEVELS, level)) throw badRequest('unknown log level')
      if (log_format !== 'standard' && log_format !== 'json') {
        throw badRequest('unknown log format')
      }
      const body = new LogLineStream(ctx.host.monitor, {
        level: LEVELS[level]!,
        format: log_format,
      })
      const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store']
      return { raw: { status: 200, headers, body } }
    },
  }),
]
