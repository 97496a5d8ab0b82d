// The command line of the bench: `npm run bench -- --secrets 1000,1000000 --workers 1,2 …`.

import { coreOperations, type OperationName, operationNames } from './requests.ts'

export interface PeerOption {
  readonly name: string
  readonly base: string
  readonly token: string
}

export interface BenchOptions {
  readonly secrets: readonly number[]
  readonly workers: readonly number[]
  readonly operations: readonly OperationName[]
  readonly seconds: number
  /** Certificates that our server has issued before it is measured. */
  readonly certificates: number
  readonly rounds: number
  readonly connections: number
  readonly peers: readonly PeerOption[]
  readonly hasOwn: boolean
  readonly hasAudit: boolean
  /** The measured token carries the policy `default` too. */
  readonly hasDefaultPolicy: boolean
  readonly loginsPerSecond: number
  /** Tokens stored for the ready scenario; 0 leaves it out. */
  readonly readyTokens: number
  /** Certificates revoked for the scenario of a long list; 0 leaves it out. */
  readonly revokedCertificates: number
  readonly json: string | null
  readonly svg: string | null
  readonly markdown: string | null
}

export const helpText = `npm run bench -- [options]
  --secrets N,N        how many secrets are stored        (1000)
  --workers N,N        processes of our server            (1)
  --operations A,B     what is measured, of ${operationNames.join(', ')};
                       "transit" or "pki" for all of it     (${coreOperations.join(',')})
  --certificates N     certificates that our server has issued before it is measured (0)
  --seconds N          length of one measurement          (3)
  --rounds N           measurements of each kind          (5)
  --connections N      keep-alive connections             (32)
  --peer ADDR TOKEN    another Vault-compatible server on this machine, measured in the same rounds
                       at the smallest N of --secrets; ADDR may be NAME=http://HOST:PORT; repeatable
  --no-own             measure the peers alone
  --no-audit           our server without an audit device
  --default-policy     the token carries the policy \`default\` beside its own: what most tokens have, and
                       far slower on some peers, so that the ratios look better for us
  --with-logins [N]    also KV reads beside N token creations a second (200)
  --ready [N]          also the time to serve after unsealing with N tokens stored (1000000)
  --leases             leases of real PostgreSQL users at scale instead; -- --leases --help tells more
  --rotations          a million rotation records instead; -- --rotations --help tells more
  --database           issue and revocation of real PostgreSQL users instead; -- --database --help tells more
  --scanner-accuracy   recall and precision of the scanner instead; -- --scanner-accuracy --help tells more
  --crl [N]            also what a list of N revoked certificates costs, and whether others wait (100000)
  --json FILE --svg FILE --markdown FILE   where to write the figures, the chart and the table
`

export function parseOptions(args: readonly string[]): BenchOptions {
  const rest = [...args]
  const options = {
    secrets: [1000] as number[],
    workers: [1] as number[],
    operations: coreOperations as readonly OperationName[],
    seconds: 3,
    certificates: 0,
    rounds: 5,
    connections: 32,
    peers: [] as PeerOption[],
    hasOwn: true,
    hasAudit: true,
    hasDefaultPolicy: false,
    loginsPerSecond: 0,
    readyTokens: 0,
    revokedCertificates: 0,
    json: null as string | null,
    svg: null as string | null,
    markdown: null as string | null,
  }
  const value = (flag: string): string => {
    const next = rest.shift()
    if (next === undefined) throw new Error(`${flag} needs a value`)
    return next
  }
  const numbers = (flag: string): number[] =>
    value(flag)
      .split(',')
      .map((text) => count(flag, text))
  const optional = (flag: string, otherwise: number): number =>
    rest[0] !== undefined && /^\d/.test(rest[0]) ? count(flag, value(flag)) : otherwise
  while (rest.length > 0) {
    const flag = rest.shift()!
    if (flag === '--secrets') options.secrets = numbers(flag)
    else if (flag === '--workers') options.workers = numbers(flag)
    else if (flag === '--operations') options.operations = operationsIn(value(flag))
    else if (flag === '--certificates') options.certificates = count(flag, value(flag))
    else if (flag === '--seconds') options.seconds = count(flag, value(flag))
    else if (flag === '--rounds') options.rounds = count(flag, value(flag))
    else if (flag === '--connections') options.connections = count(flag, value(flag))
    else if (flag === '--peer') options.peers.push(peerOption(value(flag), value(flag)))
    else if (flag === '--no-own') options.hasOwn = false
    else if (flag === '--no-audit') options.hasAudit = false
    else if (flag === '--default-policy') options.hasDefaultPolicy = true
    else if (flag === '--with-logins') options.loginsPerSecond = optional(flag, 200)
    else if (flag === '--ready') options.readyTokens = optional(flag, 1_000_000)
    else if (flag === '--crl') options.revokedCertificates = optional(flag, 100_000)
    else if (flag === '--json') options.json = value(flag)
    else if (flag === '--svg') options.svg = value(flag)
    else if (flag === '--markdown') options.markdown = value(flag)
    else throw new Error(`unknown option ${flag}\n${helpText}`)
  }
  if (options.loginsPerSecond > 0 && !options.operations.includes('token-create'))
    throw new Error('--with-logins needs the operation token-create')
  return { ...options, secrets: [...options.secrets].sort((a, b) => a - b) }
}

function operationsIn(text: string): readonly OperationName[] {
  return text.split(',').flatMap((word) => {
    const found = operationNames.filter((name) => name === word || name.startsWith(`${word}-`))
    if (found.length === 0) throw new Error(`--operations: there is no ${word}`)
    return found
  })
}

function count(flag: string, text: string): number {
  const parsed = Number(text.replaceAll('_', ''))
  if (!(parsed > 0)) throw new Error(`${flag}: ${text} is not a positive number`)
  return parsed
}

/** Without a name a peer is called by its port until it has told what it is. */
export function peerOption(address: string, token: string): PeerOption {
  const named = /^([^=/:]+)=(.+)$/.exec(address)
  const base = (named?.[2] ?? address).replace(/\/$/, '')
  return { name: named?.[1] ?? `port ${new URL(base).port}`, base, token }
}
