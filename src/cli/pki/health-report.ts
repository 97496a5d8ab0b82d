// What the checks of pki health-check see and say: the answers of the API, each asked for once, and findings by
// severity. Numbers and names of severities are those of Vault's command, whose exit codes they are.
import { type Certificate, parseCertificate } from '../../crypto/x509/certificate.ts'
import { parsePem } from '../../crypto/x509/pem.ts'
import type { Client } from '../client.ts'
import type { JsonMap } from '../exact-json.ts'
import { ResponseError } from '../response-error.ts'
import { textOf, textsOf } from '../secret.ts'

export const SEVERITIES = [
  'not_applicable',
  'ok',
  'informational',
  'warning',
  'critical',
  'invalid_version',
  'insufficient_permissions',
] as const
export type Severity = (typeof SEVERITIES)[number]

export const severityCode = (severity: Severity): number => SEVERITIES.indexOf(severity)

export interface Finding {
  readonly status: Severity
  readonly endpoint: string
  readonly message: string
}

/** What was asked for: its data, or why there is none. */
export type Fetched =
  | { readonly data: JsonMap }
  | { readonly absent: 'denied' | 'missing' | 'unsupported' }

export type CheckConfig = Readonly<Record<string, string | number | boolean | readonly string[]>>

export interface Check {
  readonly name: string
  /** Options with their defaults; 'enabled' goes without saying. */
  readonly defaults: CheckConfig
  run(mount: MountReader, config: CheckConfig): Promise<readonly Finding[]>
}

export class MountReader {
  readonly mount: string
  readonly nowMs: number
  readonly #api: Client
  readonly #fetched = new Map<string, Promise<Fetched>>()

  constructor(api: Client, mount: string, nowMs: number) {
    this.#api = api
    this.mount = mount
    this.nowMs = nowMs
  }

  /** Below the mount. */
  read(path: string): Promise<Fetched> {
    return this.#once(`GET ${path}`, () => this.#api.read(`${this.mount}/${path}`))
  }

  list(path: string): Promise<Fetched> {
    return this.#once(`LIST ${path}`, () => this.#api.list(`${this.mount}/${path}`))
  }

  tune(): Promise<Fetched> {
    return this.#once('tune', () => this.#api.read(`sys/mounts/${this.mount}/tune`))
  }

  #once(key: string, ask: () => Promise<{ readonly data: JsonMap | null } | null>) {
    const known = this.#fetched.get(key)
    if (known) return known
    const asked = ask().then(
      (answer): Fetched => (answer?.data ? { data: answer.data } : { absent: 'missing' }),
      (error: unknown): Fetched => ({ absent: absenceOf(error) }),
    )
    this.#fetched.set(key, asked)
    return asked
  }

  endpoint(path: string): string {
    return `/${this.mount}/${path}`
  }

  async keys(path: string): Promise<readonly string[]> {
    const listed = await this.list(path)
    return 'data' in listed ? (textsOf(listed.data, 'keys') ?? []) : []
  }

  /** Certificates of all issuers by their ids; those that can't be read are left out. */
  async issuers(): Promise<ReadonlyMap<string, Certificate>> {
    const found = new Map<string, Certificate>()
    for (const id of await this.keys('issuers')) {
      const certificate = await this.certificate(`issuer/${id}/json`)
      if (certificate) found.set(id, certificate)
    }
    return found
  }

  /** null where it can't be read. */
  async certificate(path: string): Promise<Certificate | null> {
    const answer = await this.read(path)
    if (!('data' in answer)) return null
    const [block] = parsePem(textOf(answer.data, 'certificate'))
    return block ? parseCertificate(block.der) : null
  }
}

/** Throws on what is no answer about the path: a server that can't be reached. */
function absenceOf(error: unknown): 'denied' | 'missing' | 'unsupported' {
  if (!(error instanceof ResponseError)) throw error
  const { status, messages } = error.refusal
  if (status === 403) return 'denied'
  if (messages.some((message) => /unsupported (?:path|operation)/.test(message)))
    return 'unsupported'
  return 'missing'
}

/** The finding where a path could not be read; null where it could, or where nothing is there. */
export function unreadable(fetched: Fetched, endpoint: string): Finding | null {
  if (!('absent' in fetched) || fetched.absent === 'missing') return null
  return fetched.absent === 'denied'
    ? {
        status: 'insufficient_permissions',
        endpoint,
        message: 'The token may not read this, so the check can tell nothing about it.',
      }
    : {
        status: 'invalid_version',
        endpoint,
        message: 'The server does not have this path, so the check can tell nothing about it.',
      }
}
