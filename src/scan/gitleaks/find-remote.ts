// The remote of a repository, for links to findings.
import { toByteString } from '../../template/byte-strings.ts'
import { GitError, gitOutput } from '../sources/git-command.ts'
import type { ConsoleLog } from './console-log.ts'
import { browserUrl, type Platform, platformOfHost, type Remote } from './source-links.ts'

const NO_REMOTE: Remote = { platform: 'none', url: '' }

/** Asks git for the remote's address; connects to nothing. */
export async function findRemote(
  directory: string,
  wanted: Platform,
  log: ConsoleLog,
): Promise<Remote> {
  if (wanted === 'none') return NO_REMOTE
  let address: string
  try {
    address = (await gitOutput({ directory }, ['ls-remote', '--quiet', '--get-url'])).trim()
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    if (error.message.includes('No remote configured')) {
      log.log('debug', 'skipping finding links: repository has no configured remote.')
    } else {
      const words = `command failed (${error.code}): exit status ${error.code}, stderr: ${error.message}`
      log.log('error', 'skipping finding links: unable to parse remote URL', { error: words })
    }
    return NO_REMOTE
  }
  const found = browserUrl(Buffer.from(address, 'latin1').toString())
  if (!found) {
    log.log('error', 'skipping finding links: unable to parse remote URL')
    return NO_REMOTE
  }
  if (wanted !== 'unknown') return { platform: wanted, url: found.url }
  const platform = platformOfHost(found.host)
  const host = toByteString(found.host)
  if (platform === 'unknown') {
    const advice = 'Unknown SCM platform. Use --platform to include links in findings.'
    log.log('info', advice, { host })
  } else log.log('debug', 'SCM platform parsed from host', { host, platform })
  return { platform, url: found.url }
}
