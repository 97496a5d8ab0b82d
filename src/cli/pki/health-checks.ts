// The checks of pki health-check, with the names, options and severities of Vault's command. Those on ACME and
// on keys in hardware have nothing to look at here.
import { formatDuration, parseDurationSeconds } from '../../base/duration.ts'
import { isIssuedBy, isSelfSigned } from '../../crypto/x509/certificate.ts'
import { parseCrl } from '../../crypto/x509/crl.ts'
import { parsePem } from '../../crypto/x509/pem.ts'
import { Failure } from '../failure.ts'
import { numberOf, textOf, textsOf } from '../secret.ts'
import {
  type Check,
  type CheckConfig,
  type Finding,
  type MountReader,
  type Severity,
  unreadable,
} from './health-report.ts'
import { roleChecks } from './health-role-checks.ts'
import { tuneChecks } from './health-tune-checks.ts'

const dateOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)

/** Throws where the option is no duration. */
function durationMs(config: CheckConfig, name: string): number {
  const value = config[name]
  const text = String(value)
  // Vault's options take parts of a second ("200ms") too.
  const millis = /^(\d+)ms$/.exec(text)
  if (millis) return Number(millis[1])
  const seconds = parseDurationSeconds(text)
  if (seconds === null) throw new Failure(1, `failed to parse parameter ${name}=${text}`)
  return seconds * 1000
}

function countOf(config: CheckConfig, name: string): number {
  const value = Number(config[name])
  if (!Number.isInteger(value) || value < 1)
    throw new Failure(1, `failed to parse parameter ${name}=${String(config[name])}`)
  return value
}

/** The findings for what can't be read; empty where all could be. */
async function listIsReadable(mount: MountReader, path: string): Promise<readonly Finding[]> {
  const finding = unreadable(await mount.list(path), mount.endpoint(path))
  return finding ? [finding] : []
}

const caValidity: Check = {
  name: 'ca_validity_period',
  defaults: {
    intermediate_expiry_critical: '30d',
    intermediate_expiry_informational: '180d',
    intermediate_expiry_warning: '60d',
    root_expiry_critical: '180d',
    root_expiry_informational: '730d',
    root_expiry_warning: '365d',
  },
  async run(mount, config) {
    const findings: Finding[] = [...(await listIsReadable(mount, 'issuers'))]
    for (const [id, certificate] of await mount.issuers()) {
      const kind = isSelfSigned(certificate) ? 'root' : 'intermediate'
      const left = certificate.notAfterMs - mount.nowMs
      const levels: readonly Severity[] = ['critical', 'warning', 'informational']
      const status = levels.find((level) => left < durationMs(config, `${kind}_expiry_${level}`))
      const until = dateOf(certificate.notAfterMs)
      findings.push({
        status: status ?? 'ok',
        endpoint: mount.endpoint(`issuer/${id}`),
        message: status
          ? `The issuer is valid until ${until} only: begin to replace it, with a new key.`
          : `The issuer is valid until ${until}.`,
      })
    }
    return findings
  },
}

const crlValidity: Check = {
  name: 'crl_validity_period',
  defaults: { crl_expiry_pct_critical: '95', delta_crl_expiry_pct_critical: '95' },
  async run(mount, config) {
    const findings: Finding[] = [...(await listIsReadable(mount, 'issuers'))]
    const settings = await mount.read('config/crl')
    const denied = unreadable(settings, mount.endpoint('config/crl'))
    if (denied) findings.push(denied)
    const isDisabled = 'data' in settings && settings.data.get('disable') === true
    for (const id of await mount.keys('issuers')) {
      for (const [path, option] of [
        [`issuer/${id}/crl`, 'crl_expiry_pct_critical'],
        [`issuer/${id}/crl/delta`, 'delta_crl_expiry_pct_critical'],
      ] as const) {
        const list = await mount.read(path)
        if (!('data' in list)) continue
        const [block] = parsePem(textOf(list.data, 'crl'))
        if (!block) continue
        findings.push(listFinding(mount, path, block.der, countOf(config, option), isDisabled))
      }
    }
    return findings
  },
}

function listFinding(
  mount: MountReader,
  path: string,
  der: Buffer,
  percent: number,
  isDisabled: boolean,
): Finding {
  const { thisUpdateMs, nextUpdateMs } = parseCrl(der)
  const next = nextUpdateMs ?? thisUpdateMs
  const isOld = mount.nowMs - thisUpdateMs >= ((next - thisUpdateMs) * percent) / 100
  const span = `${dateOf(thisUpdateMs)} to ${dateOf(next)}`
  return {
    status: isOld ? (isDisabled ? 'informational' : 'critical') : 'ok',
    endpoint: mount.endpoint(path),
    message: isOld
      ? `The list is valid from ${span}, of which ${percent} % are over: make it anew and hand it out.`
      : `The list is valid from ${span}.`,
  }
}

const rootIssuedLeaves: Check = {
  name: 'root_issued_leaves',
  defaults: { certs_to_fetch: 100 },
  async run(mount, config) {
    const findings: Finding[] = [
      ...(await listIsReadable(mount, 'issuers')),
      ...(await listIsReadable(mount, 'certs')),
    ]
    const roots = [...(await mount.issuers())].filter(([, one]) => isSelfSigned(one))
    const found = new Set<string>()
    let left = countOf(config, 'certs_to_fetch')
    for (const serial of await mount.keys('certs')) {
      if (left <= 0 || found.size === roots.length) break
      const leaf = await mount.certificate(`cert/${serial}`)
      if (leaf === null || leaf.isCa) continue
      left--
      for (const [id, root] of roots) {
        if (found.has(id) || !isIssuedBy(leaf, root)) continue
        found.add(id)
        findings.push({
          status: 'warning',
          endpoint: mount.endpoint(`issuer/${id}`),
          message: `The root has issued a certificate that is no CA's (${serial}). With an intermediate in between, the root is easier to replace.`,
        })
      }
    }
    if (findings.length === 0 && roots.length > 0)
      findings.push({
        status: 'ok',
        endpoint: mount.endpoint('certs'),
        message: 'No root of this mount has issued certificates other than those of CAs.',
      })
    return findings
  },
}

const autoTidy: Check = {
  name: 'enable_auto_tidy',
  defaults: {
    interval_duration_critical: '7d',
    interval_duration_warning: '2d',
    pause_duration_critical: '1s',
    pause_duration_warning: '200ms',
  },
  async run(mount, config) {
    const endpoint = mount.endpoint('config/auto-tidy')
    const settings = await mount.read('config/auto-tidy')
    const denied = unreadable(settings, endpoint)
    if (denied) return [denied]
    if (!('data' in settings)) return []
    if (settings.data.get('enabled') !== true)
      return [
        {
          status: 'informational',
          endpoint,
          message: 'Auto-tidy is off: what has expired stays stored until tidy is called.',
        },
      ]
    const findings: Finding[] = []
    const values = [
      ['interval_duration', numberOf(settings.data, 'interval_duration') * 1000],
      ['pause_duration', pauseMs(textOf(settings.data, 'pause_duration'))],
    ] as const
    for (const [name, valueMs] of values) {
      const levels = ['critical', 'warning'] as const
      const status = levels.find((level) => valueMs >= durationMs(config, `${name}_${level}`))
      if (status)
        findings.push({
          status,
          endpoint,
          message: `Auto-tidy's ${name} is long (${formatDuration(Math.round(valueMs / 1000))}): what has expired stays for long.`,
        })
    }
    if (findings.length > 0) return findings
    return [{ status: 'ok', endpoint, message: 'Auto-tidy is on, with sensible times.' }]
  },
}

const pauseMs = (text: string): number => durationMs({ pause: text === '' ? '0s' : text }, 'pause')

const tidyLastRun: Check = {
  name: 'tidy_last_run',
  defaults: { last_run_critical: '7d', last_run_warning: '2d' },
  async run(mount, config) {
    const endpoint = mount.endpoint('tidy-status')
    const answer = await mount.read('tidy-status')
    const denied = unreadable(answer, endpoint)
    if (denied) return [denied]
    if (!('data' in answer)) return []
    const finishedMs = Date.parse(textOf(answer.data, 'time_finished'))
    if (Number.isNaN(finishedMs))
      return [{ status: 'critical', endpoint, message: 'Tidy has never run on this mount.' }]
    const age = mount.nowMs - finishedMs
    const levels = ['critical', 'warning'] as const
    const status = levels.find((level) => age > durationMs(config, `last_run_${level}`))
    const when = dateOf(finishedMs)
    return [
      {
        status: status ?? 'ok',
        endpoint,
        message: status ? `Tidy has last run on ${when}.` : `Tidy has run on ${when}.`,
      },
    ]
  },
}

const tooManyCerts: Check = {
  name: 'too_many_certs',
  defaults: { count_critical: 250_000, count_warning: 50_000 },
  async run(mount, config) {
    const endpoint = mount.endpoint('certs')
    const denied = await listIsReadable(mount, 'certs')
    if (denied.length > 0) return denied
    const certs = await mount.list('certs')
    const count = 'data' in certs ? (textsOf(certs.data, 'keys') ?? []).length : 0
    const levels = ['critical', 'warning'] as const
    const status = levels.find((level) => count >= countOf(config, `count_${level}`))
    return [
      {
        status: status ?? 'ok',
        endpoint,
        message: status
          ? `The mount stores ${count} certificates: tidy it, or let roles store none (no_store).`
          : `The mount stores ${count} certificates.`,
      },
    ]
  },
}

/** In the order in which they are run and shown. */
export const HEALTH_CHECKS: readonly Check[] = [
  caValidity,
  crlValidity,
  rootIssuedLeaves,
  ...roleChecks,
  ...tuneChecks,
  autoTidy,
  tidyLastRun,
  tooManyCerts,
]
