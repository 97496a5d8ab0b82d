// Help texts, written from the definitions of commands: usage, what it does, examples, flags.
// Nothing about a command is written down a second time.
import { formatColumns, wrapIndented } from './columns.ts'
import type { AnyCommand, Example, Family } from './command.ts'
import { detailedFlag, fieldFlag, formatFlag, httpFlags } from './common-flags.ts'
import type { Environment } from './environment.ts'
import type { Flag, Flags } from './flags.ts'

/** A command and its parent group have this in common in a list of commands. */
export interface Listed {
  readonly name: string
  readonly synopsis: string
}

/** The sets of flags that a command has, by their headings: its own first. */
export function flagSets(command: AnyCommand): readonly (readonly [string, Flags])[] {
  const sets: [string, Flags][] = []
  if (Object.keys(command.flags).length > 0) sets.push(['Command Options', command.flags])
  const output: Record<string, Flag<unknown>> = {}
  if (command.output.includes('field')) Object.assign(output, fieldFlag)
  if (command.output.includes('format')) Object.assign(output, formatFlag)
  if (command.output.includes('detailed')) Object.assign(output, detailedFlag)
  if (Object.keys(output).length > 0) sets.push(['Output Options', output])
  if (command.isHttp) sets.push(['HTTP Options', httpFlags])
  return sets
}

function aliasSentence(aliases: readonly string[]): string {
  if (aliases.length === 0) return ''
  return ` Short: ${aliases.map((alias) => `-${alias}`).join(', ')}.`
}

function flagHelp(name: string, flag: Flag<unknown>, env: Environment): string {
  let usage = flag.usage + aliasSentence(flag.aliases)
  if (flag.shownDefault !== '' && flag.shownDefault !== '(not set)') {
    usage += ` The default is ${flag.shownDefault}.`
  }
  if (flag.env !== null) usage += ` Also set by ${env.shown(flag.env)}.`
  const head = flag.example === '' ? `-${name}` : `-${name}=<${flag.example}>`
  return `  ${head}\n${wrapIndented(usage, 6)}`
}

function flagsHelp(command: AnyCommand, env: Environment): string[] {
  return flagSets(command).flatMap(([title, flags]) => [
    `${title}:`,
    ...Object.keys(flags)
      .filter((name) => !flags[name]!.hidden)
      .sort()
      .map((name) => flagHelp(name, flags[name]!, env)),
  ])
}

function exampleHelp(example: Example, program: string): string {
  const lines = example.run.map((line) => `      $ ${line.replaceAll('{}', program)}`)
  return `${wrapIndented(example.does, 2)}\n\n${lines.join('\n')}`
}

/** The help of one command. */
export function commandHelp(command: AnyCommand, env: Environment): string {
  return [
    `Usage: ${env.calledAs} ${command.name} ${command.usage}`.trim(),
    ...command.about.map((paragraph) => wrapIndented(paragraph, 2)),
    ...command.examples.map((example) => exampleHelp(example, env.calledAs)),
    ...flagsHelp(command, env),
  ].join('\n\n')
}

const lastWord = (name: string): string => name.slice(name.lastIndexOf(' ') + 1)

/** The help of a group with the commands in it. */
export function familyHelp(family: Family, members: readonly Listed[], env: Environment): string {
  const sorted = members.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const rows = sorted.map((member) => [lastWord(member.name), member.synopsis])
  return [
    `Usage: ${env.calledAs} ${family.name} <subcommand> [options] [args]`,
    ...family.about.map((paragraph) => wrapIndented(paragraph, 2)),
    ...family.examples.map((example) => exampleHelp(example, env.calledAs)),
    `Subcommands:\n${indentColumns(rows)}`,
  ].join('\n\n')
}

function indentColumns(rows: readonly string[][]): string {
  return formatColumns(rows)
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}

const COMMON = ['read', 'write', 'delete', 'list', 'login', 'kv', 'server', 'status', 'unwrap']

/** The help of the program: all commands of the first level. */
export function programHelp(entries: readonly Listed[], env: Environment): string {
  const row = (entry: Listed): string[] => [entry.name, entry.synopsis]
  const common = COMMON.flatMap((name) => entries.filter((entry) => entry.name === name))
  const others = entries
    .filter((entry) => !COMMON.includes(entry.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const lines = indentColumns([...common, ...others].map(row)).split('\n')
  return [
    `Usage: ${env.calledAs} <command> [args]`,
    `Common commands:\n${lines.slice(0, common.length).join('\n')}`,
    `Other commands:\n${lines.slice(common.length).join('\n')}`,
  ].join('\n\n')
}
