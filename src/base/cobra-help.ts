// Help and usage texts of a command of cobra.ts, laid out as cobra lays them out.
import {
  type CobraCommand,
  type CobraPath,
  commandName,
  commandsOf,
  inheritedFlags,
  lastOf,
  localFlags,
  pathText,
} from './cobra.ts'
import { type PFlags, pflagUsages } from './pflag.ts'

const MIN_NAME_WIDTH = 11

function useLine(path: CobraPath): string {
  const command = lastOf(path)
  const above = path.slice(0, -1).map(commandName)
  const line = [...above, command.use].join(' ')
  return line.includes('[flags]') ? line : `${line} [flags]`
}

const isShown = (flags: PFlags): boolean =>
  Object.values(flags).some((flag) => !flag.isHidden && flag.deprecated === '')

function commandList(commands: readonly CobraCommand[]): string {
  const width = Math.max(MIN_NAME_WIDTH, ...commands.map((one) => commandName(one).length))
  return commands
    .filter((one) => !one.isHidden)
    .map((one) => `\n  ${commandName(one).padEnd(width)} ${one.short}`)
    .join('')
}

/** From "Usage:" on, with a newline at its end. */
export function usageText(path: CobraPath): string {
  const command = lastOf(path)
  const commands = commandsOf(path)
  const hasCommands = commands.some((one) => !one.isHidden)
  let out = 'Usage:'
  if (command.run) out += `\n  ${useLine(path)}`
  if (hasCommands) out += `\n  ${pathText(path)} [command]`
  if (command.aliases && command.aliases.length > 0) {
    out += `\n\nAliases:\n  ${[commandName(command), ...command.aliases].join(', ')}`
  }
  if (command.example) out += `\n\nExamples:\n${command.example}`
  if (hasCommands) out += `\n\nAvailable Commands:${commandList(commands)}`
  const local = localFlags(path)
  if (isShown(local)) out += `\n\nFlags:\n${pflagUsages(local).trimEnd()}`
  const inherited = inheritedFlags(path)
  if (isShown(inherited)) out += `\n\nGlobal Flags:\n${pflagUsages(inherited).trimEnd()}`
  if (hasCommands) {
    out += `\n\nUse "${pathText(path)} [command] --help" for more information about a command.`
  }
  return `${out}\n`
}

/** What --help prints. */
export function helpText(path: CobraPath): string {
  const command = lastOf(path)
  const about = (command.long ?? command.short).trimEnd()
  return (about === '' ? '' : `${about}\n\n`) + usageText(path)
}
