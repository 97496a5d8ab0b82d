// pki health-check: looks at a mount for what may go wrong. It changes nothing. The exit code is that of the
// gravest finding, as in Vault's command.
import { readFileSync } from 'node:fs'
import { systemClock } from '../../base/clock.ts'
import { barePath } from '../api-paths.ts'
import type { Client } from '../client.ts'
import { formatTable } from '../columns.ts'
import { defineCommand } from '../command.ts'
import {
  type Json,
  JsonNumber,
  type OrderedMap,
  parseExactJson,
  printExactJson,
  toJson,
} from '../exact-json.ts'
import { attempt, Failure, messageOf } from '../failure.ts'
import { booleanFlag, stringFlag } from '../flags.ts'
import { outputData, result } from '../output.ts'
import { textOf } from '../secret.ts'
import type { Ui } from '../ui.ts'
import { HEALTH_CHECKS } from './health-checks.ts'
import {
  type Check,
  type CheckConfig,
  type Finding,
  MountReader,
  type SEVERITIES,
  severityCode,
} from './health-report.ts'

const INDICATORS = ['default', 'informational', 'warning', 'critical', 'permission'] as const

const flags = {
  'default-disabled': booleanFlag('Run only the checks that the configuration file turns on.'),
  'health-config': stringFlag('A JSON file with options of the checks; -list shows them.', {
    completes: 'files',
  }),
  list: booleanFlag('Show the checks with their options, and run none.'),
  'return-indicator': stringFlag(
    'From which finding on the exit code says so: informational (as default), warning, critical, or ' +
      'permission, which means only what the token may not see.',
    { initial: 'default', completes: INDICATORS },
  ),
}

export const pkiHealthCheck = defineCommand({
  name: 'pki health-check',
  synopsis: 'Look for what may go wrong with a PKI mount',
  usage: '[options] MOUNT',
  about: [
    'Looks at issuers, lists of revoked certificates, roles and settings of a mount, as far as the token may.',
    'The exit code is 0 if all is well, 2 for information, 3 for a warning, 4 for something critical, 5 where ' +
      'the server lacks a path, 6 where the token may not read one; 1 is a wrong call.',
  ],
  examples: [
    { does: 'Look at a mount:', run: ['{} pki health-check pki'] },
    {
      does: 'Only what is grave counts:',
      run: ['{} pki health-check -return-indicator=critical pki'],
    },
  ],
  flags,
  arity: { min: 0, max: 1, expected: '1' },
  completes: ['mounts'],
  async run({ ui, args, flags, client }) {
    const indicator = flags['return-indicator']
    if (!(INDICATORS as readonly string[]).includes(indicator))
      throw new Failure(
        1,
        `Invalid flag -return-indicator=${indicator}; known options are ${INDICATORS.join(', ')}`,
      )
    if (flags.list) return listChecks(ui, !flags['default-disabled'])
    if (args.length !== 1)
      throw new Failure(1, 'Not enough arguments (expected mount path, got nothing)')
    const checks = configured(flags['health-config'], !flags['default-disabled'])
    const api = await client()
    const path = barePath(args[0]!)
    await assertPkiMount(api, path)
    const mount = new MountReader(api, path, systemClock.now())
    const results = new Map<string, readonly Finding[]>()
    for (const { check, config } of checks) {
      const doing = `Failed to run health check: ${check.name}`
      results.set(check.name, await attempt(doing, () => check.run(mount, config), 1))
    }
    const printed = await printResults(ui, results)
    return printed || exitCode(results, indicator)
  },
})

async function assertPkiMount(api: Client, path: string): Promise<void> {
  if (path.startsWith('auth/'))
    throw new Failure(1, 'this is an auth method; only mounts of the PKI engine can be checked')
  const doing = `Failed to look at the mount ${path}`
  const info = await attempt(doing, () => api.read(`sys/internal/ui/mounts/${path}`), 1)
  const type = textOf(info?.data, 'type')
  if (type !== 'pki')
    throw new Failure(1, `refusing to run pki health-check on mount of type ${type || 'unknown'}`)
}

interface Configured {
  readonly check: Check
  readonly config: CheckConfig
}

/** The checks that are on, with their options. */
function configured(file: string, isOn: boolean): readonly Configured[] {
  const own = file === '' ? new Map<string, Json>() : readConfig(file)
  return HEALTH_CHECKS.flatMap((check) => {
    const options = own.get(check.name)
    const config: Record<string, CheckConfig[string]> = { enabled: isOn, ...check.defaults }
    if (options instanceof Map)
      for (const [name, value] of options) {
        if (!Object.hasOwn(config, name))
          throw new Failure(1, `unknown configuration option for ${check.name}: ${name}`)
        config[name] = plain(value)
      }
    return String(config.enabled) === 'true' ? [{ check, config }] : []
  })
}

function plain(value: Json): CheckConfig[string] {
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'boolean' ? value : String(value)
}

function readConfig(file: string): Map<string, Json> {
  try {
    const value = parseExactJson(readFileSync(file, 'utf8'))
    if (value instanceof Map) return value
    throw new Error('expected a JSON object')
  } catch (error) {
    throw new Failure(1, `Failed to read configuration file ${file}: ${messageOf(error)}`)
  }
}

function listChecks(ui: Ui, isOn: boolean): number {
  const entries = HEALTH_CHECKS.map(({ name, defaults }) => [name, { ...defaults, enabled: isOn }])
  const checks = toJson(Object.fromEntries(entries))
  if (ui.format !== 'json') ui.out('Default health check config:')
  ui.out(printExactJson(checks, '  '))
  return 0
}

async function printResults(
  ui: Ui,
  results: ReadonlyMap<string, readonly Finding[]>,
): Promise<number> {
  if (ui.format !== 'table') {
    const all = new Map<string, Json>()
    for (const [name, findings] of results) all.set(name, findings.map(findingJson))
    return outputData(ui, all)
  }
  for (const [name, findings] of results) {
    ui.out(name)
    ui.out('-'.repeat(name.length))
    const rows = findings.map(({ status, endpoint, message }) => [status, endpoint, message])
    ui.out(formatTable([['status', 'endpoint', 'message'], ...rows]))
    ui.out('\n')
  }
  return 0
}

const findingJson = ({ status, endpoint, message }: Finding): OrderedMap =>
  result({ status_code: severityCode(status), status, endpoint, message })

function exitCode(results: ReadonlyMap<string, readonly Finding[]>, indicator: string): number {
  const codes = [...results.values()].flat().map(({ status }) => severityCode(status))
  const gravest = Math.max(0, ...codes)
  const names: Readonly<Record<string, (typeof SEVERITIES)[number]>> = {
    warning: 'warning',
    critical: 'critical',
    permission: 'invalid_version',
  }
  return gravest >= severityCode(names[indicator] ?? 'informational') ? gravest : 0
}
