// operator validate-config and diagnose: what is wrong with a configuration before a server runs with it. The
// checks are passed in, since they belong to the server.

import type { Finding } from '../../server-checks.ts'
import { type AnyCommand, defineCommand } from '../command.ts'
import { toJson } from '../exact-json.ts'
import { Failure } from '../failure.ts'
import { listFlag, stringFlag } from '../flags.ts'
import { outputData } from '../output.ts'
import type { Ui } from '../ui.ts'

/** Checks the configuration at these paths. */
export type CheckConfig = (paths: readonly string[]) => Promise<readonly Finding[]>

/** Exit codes of both commands: the flags were wrong is a 3. */
const CODES = { ok: 0, skipped: 0, error: 1, warning: 2 } as const
const MARKS = { ok: ' ok      ', warning: ' warning ', error: ' failed  ', skipped: ' skipped ' }

const flags = {
  config: listFlag('A configuration file or folder. Can be given several times.', {
    completes: 'files',
  }),
  format: stringFlag('How to print the result: "table" or "json".', {
    initial: 'table',
    completes: ['table', 'json'],
  }),
}

function exitCode(findings: readonly Finding[]): number {
  for (const status of ['error', 'warning'] as const) {
    if (findings.some((finding) => finding.status === status)) return CODES[status]
  }
  return CODES.ok
}

async function print(ui: Ui, findings: readonly Finding[]): Promise<number> {
  if (ui.format !== 'table') {
    await outputData(ui, toJson(findings.map((finding) => ({ ...finding }))))
    return exitCode(findings)
  }
  for (const { name, status, message, advice } of findings) {
    ui.out(`[${MARKS[status]}] ${name}: ${message}`)
    if (advice !== '') ui.out(`            ${advice}`)
  }
  return exitCode(findings)
}

function checkCommand(
  text: Pick<AnyCommand, 'name' | 'synopsis' | 'about' | 'examples'>,
  load: () => Promise<CheckConfig>,
): AnyCommand {
  return defineCommand({
    ...text,
    usage: '[options]',
    isHttp: false,
    output: [],
    flags,
    async run({ ui, flags }) {
      if (flags.config.length === 0) {
        throw new Failure(3, 'Must specify a configuration file using -config.')
      }
      const check = await load()
      return print(ui, await check(flags.config))
    },
  }) as AnyCommand
}

/** Reads a configuration and says what is wrong in it, without touching anything else. */
export function validateConfigCommand(load: () => Promise<CheckConfig>): AnyCommand {
  return checkCommand(
    {
      name: 'operator validate-config',
      synopsis: 'Check a configuration',
      about: [
        'Reads a configuration and says what is wrong in it. The exit code is 0 if all is well, 1 for an error, 2 ' +
          'for a warning.',
      ],
      examples: [
        { does: 'Check a file:', run: ['{} operator validate-config -config=config.hcl'] },
      ],
    },
    load,
  )
}

/** Tries what a server would do first: configuration, storage, listeners, certificates, audit files. */
export function diagnoseCommand(load: () => Promise<CheckConfig>): AnyCommand {
  return checkCommand(
    {
      name: 'operator diagnose',
      synopsis: 'Find out why a server does not start',
      about: [
        'Tries what a server with this configuration would do first, and says what fails and what to do. Run it as ' +
          'the user of the server. The exit code is 0 if all is well, 1 for an error, 2 for a warning.',
      ],
      examples: [{ does: 'Look for problems:', run: ['{} operator diagnose -config=config.hcl'] }],
    },
    load,
  )
}
