// What a run of gitleaks is put together from its flags: rules, ignored findings, baseline, report. The order of the
// steps and their messages are the original's (cmd/root.go).
import { closeSync, openSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { extname, posix, relative, resolve } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { CobraStreams } from '../../base/cobra.ts'
import { toByteString } from '../../template/byte-strings.ts'
import { TemplateError } from '../../template/template-error.ts'
import type { TemplateReport } from '../report/template.ts'
import type { ReportFormat } from '../report/write-report.ts'
import type { Rule, ScanConfig } from '../rule.ts'
import { systemWords } from '../system-words.ts'
import { type ConsoleLog, FatalLog } from './console-log.ts'
import type { GlobalValues } from './flags.ts'
import { IgnoreList } from './ignore-file.ts'
import { OldReport, OldReportError } from './old-report.ts'

export interface Surroundings {
  readonly streams: CobraStreams
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly log: ConsoleLog
}

export interface ReportSettings {
  readonly path: string
  readonly format: ReportFormat
  readonly template: TemplateReport | null
}

export interface RunState {
  readonly config: ScanConfig
  /** All rules of the configuration, for the SARIF report; --enable-rule doesn't count there. */
  readonly allRules: readonly Rule[]
  readonly ignored: IgnoreList
  readonly baseline: OldReport | null
  /** The baseline's path as seen from the target, which is not scanned itself; ''. */
  readonly baselinePath: string
  readonly report: ReportSettings | null
}

export const isFile = (path: string): boolean => {
  try {
    return !statSync(path).isDirectory()
  } catch {
    return false
  }
}

const message = (error: unknown): string => toByteString(systemWords(error))

function addIgnoreFiles(list: IgnoreList, paths: readonly string[], log: ConsoleLog): void {
  for (const path of paths) {
    if (!isFile(path)) continue
    log.log('debug', 'found .gitleaksignore file', { path: toByteString(path) })
    let text: string
    try {
      text = readFileSync(path, 'latin1')
    } catch (error) {
      log.fatal('could not call AddGitleaksIgnore', { error: message(error) })
    }
    for (const line of list.add(text)) {
      log.log('warn', 'Invalid .gitleaksignore entry', { fingerprint: line })
    }
  }
}

/** Go's filepath.Join of two parts. */
const join = (folder: string, name: string): string =>
  folder === '' ? posix.normalize(name) : posix.normalize(`${folder}/${name}`)

function loadBaseline(path: string, isRedacted: boolean, log: ConsoleLog): OldReport | null {
  const refuse = (why: string): null => {
    const about =
      'Could not load baseline. The path must point of a gitleaks report generated using the default format'
    log.log('error', toByteString(`${about}: ${why}`))
    return null
  }
  try {
    return new OldReport(readFileSync(path, 'utf8'), isRedacted)
  } catch (error) {
    if (error instanceof OldReportError)
      return refuse(`the format of the file ${path} is not supported`)
    return refuse(`could not open ${path}`)
  }
}

function enabledRules(config: ScanConfig, ids: readonly string[], log: ConsoleLog): ScanConfig {
  if (ids.length === 0) return config
  log.log('info', toByteString(`Overriding enabled rules: ${ids.join(', ')}`))
  const rules = new Map<string, Rule>()
  for (const id of ids) {
    const rule = config.rules.get(id)
    if (!rule) log.fatal(toByteString(`Requested rule ${id} not found in rules`))
    rules.set(id, rule)
  }
  return { ...config, rules }
}

function checkWritable(path: string, log: ConsoleLog): void {
  if (path === '-') return
  try {
    closeSync(openSync(path, 'w'))
    unlinkSync(path)
  } catch (error) {
    log.fatal(toByteString(`Report path is not writable: ${path}`), { error: message(error) })
  }
}

async function readTemplate(path: string, log: ConsoleLog): Promise<TemplateReport> {
  const refuse = (error: string): never =>
    log.fatal('Invalid report template', { error: toByteString(error) })
  if (path === '') return refuse('template path cannot be empty')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return refuse(`error reading file: ${systemWords(error)}`)
  }
  const { templateReport } = await import('../report/template.ts')
  try {
    return templateReport(text)
  } catch (error) {
    if (error instanceof TemplateError) return refuse(`error parsing file: ${error.message}`)
    throw error
  }
}

async function reportSettings(
  values: GlobalValues,
  log: ConsoleLog,
): Promise<ReportSettings | null> {
  const path = values['report-path']
  if (path === '') return null
  checkWritable(path, log)
  let wanted = values['report-format']
  if (wanted === '') {
    const extension = extname(path).toLowerCase()
    if (!['.csv', '.json', '.sarif'].includes(extension)) {
      log.fatal(`Unknown report format: ${wanted}`)
    }
    wanted = extension.slice(1)
    const inferred = `inferred "${wanted}" from "${extension}"`
    log.log('debug', `No report format specified, ${inferred}`)
  }
  const format = wanted.trim().toLowerCase()
  if (!['csv', 'json', 'junit', 'sarif', 'template'].includes(format)) {
    log.fatal(toByteString(`unknown report format ${wanted}`))
  }
  const templatePath = values['report-template']
  const template = format === 'template' ? await readTemplate(templatePath, log) : null
  if (templatePath !== '' && wanted !== 'template') {
    log.fatal("Report format must be 'template' if --report-template is specified")
  }
  return { path, format: format as ReportFormat, template }
}

/** Everything but the rules themselves; `source` is the target as typed, '' for standard input. */
export async function prepareRun(
  config: ScanConfig,
  source: string,
  values: GlobalValues,
  log: ConsoleLog,
): Promise<RunState> {
  if (values['no-color']) log.isPlain = true
  const ignored = new IgnoreList()
  const ignorePath = values['gitleaks-ignore-path']
  addIgnoreFiles(
    ignored,
    [ignorePath, join(ignorePath, '.gitleaksignore'), join(source, '.gitleaksignore')],
    log,
  )
  const baselineFile = values['baseline-path']
  const baseline = baselineFile === '' ? null : loadBaseline(baselineFile, values.redact > 0, log)
  const enabled = enabledRules(config, values['enable-rule'], log)
  return {
    config: { ...enabled, path: values.config || join(source, '.gitleaks.toml') },
    allRules: [...config.rules.values()],
    ignored,
    baseline,
    baselinePath: baseline ? relative(resolve(source), resolve(baselineFile)) : '',
    report: await reportSettings(values, log),
  }
}

export { FatalLog }
