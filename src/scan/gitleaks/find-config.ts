// Which rules gitleaks scans with: --config, GITLEAKS_CONFIG, GITLEAKS_CONFIG_TOML, .gitleaks.toml of the target, or the
// built-in ones, in this order.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { toByteString } from '../../template/byte-strings.ts'
import { ConfigError } from '../config/config-error.ts'
import { builtInRules, parseRules } from '../parts.ts'
import type { ScanConfig } from '../rule.ts'
import { systemWords } from '../system-words.ts'
import type { ConsoleLog } from './console-log.ts'

const read = (path: string, log: ConsoleLog): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return log.fatal(toByteString(`unable to load gitleaks config, err: ${systemWords(error)}`))
  }
}

function parsed(text: string, path: string, log: ConsoleLog): ScanConfig {
  const warn = (message: string, fields: Readonly<Record<string, string>>): void => {
    const shown = Object.entries(fields).map(([name, value]) => [name, toByteString(value)])
    log.log('warn', toByteString(message), Object.fromEntries(shown))
  }
  try {
    return parseRules(text, path, warn)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const words = toByteString(error.message)
    if (error.stage === 'load') return log.fatal('Failed to load config', { error: words })
    return path === ''
      ? log.fatal('unable to load gitleaks config from GITLEAKS_CONFIG_TOML env var', {
          error: words,
        })
      : log.fatal(`unable to load gitleaks config, err: ${words}`)
  }
}

/** Reads the rules; what is wrong with them ends the program. */
export function findConfig(
  source: string,
  flag: string,
  env: NodeJS.ProcessEnv,
  log: ConsoleLog,
): ScanConfig {
  if (flag !== '') {
    log.log('debug', toByteString(`using gitleaks config ${flag} from \`--config\``))
    return parsed(read(flag, log), flag, log)
  }
  const named = env.GITLEAKS_CONFIG ?? ''
  if (named !== '') {
    log.log('debug', toByteString(`using gitleaks config from GITLEAKS_CONFIG env var: ${named}`))
    return parsed(read(named, log), named, log)
  }
  const text = env.GITLEAKS_CONFIG_TOML ?? ''
  if (text !== '') {
    log.log('debug', 'using gitleaks config from GITLEAKS_CONFIG_TOML env var content')
    return parsed(text, '', log)
  }
  const inTarget = posix.join(source, '.gitleaks.toml')
  let isDirectory = false
  try {
    isDirectory = statSync(source).isDirectory()
  } catch (error) {
    log.fatal(toByteString(systemWords(error)))
  }
  if (!isDirectory) {
    log.log(
      'debug',
      toByteString(
        `unable to load gitleaks config from ${inTarget} since --source=${source} is a file, using default config`,
      ),
    )
    return builtInRules()
  }
  if (!existsSync(inTarget)) {
    const about = `no gitleaks config found in path ${inTarget}, using default gitleaks config`
    log.log('debug', toByteString(about))
    return builtInRules()
  }
  const about = `using existing gitleaks config ${inTarget} from \`(--source)/.gitleaks.toml\``
  log.log('debug', toByteString(about))
  return parsed(read(inTarget, log), inTarget, log)
}
