// What clients of the simulation do, and what they may conclude from the answers. Each model keeps what was
// acknowledged and what is in doubt (no answer, or a 5xx), and throws when the server contradicts it.
import type { Random } from '../../src/base/random.ts'
import type { Called } from '../support/in-process.ts'
import type { World } from '../support/outside-engine.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

export interface Simulation {
  readonly cluster: SimulatedCluster
  readonly random: Random
  readonly world: World
}

export const pick = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random.fraction() * items.length)]!

/** Nothing can be concluded from it: it may have happened or may yet. */
const isInDoubt = (reply: Called | null): reply is null => reply === null || reply.status >= 500

const HOSTS = [0, 1, 2]
const anyHost = ({ random }: Simulation): number => pick(random, HOSTS)

interface SecretKey {
  readonly path: string
  /** The newest version that anybody saw. */
  latest: number
  readonly acknowledged: Map<number, string>
  readonly doubtful: Map<number, string[]>
}

/** KV v2 with check-and-set: a version is one value for ever, and none that was acknowledged is lost. */
export class SecretsModel {
  readonly #sim: Simulation
  readonly #keys: readonly SecretKey[] = ['a', 'b'].map((name) => ({
    path: `kv/data/${name}`,
    latest: 0,
    acknowledged: new Map<number, string>(),
    doubtful: new Map<number, string[]>(),
  }))
  #count = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  get acknowledged(): number {
    return this.#keys.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)
  }

  async write(): Promise<void> {
    const key = pick(this.#sim.random, this.#keys)
    const value = `value-${++this.#count}`
    const cas = key.latest
    const doubtful = key.doubtful.get(cas + 1) ?? []
    key.doubtful.set(cas + 1, [...doubtful, value])
    const body = { data: { value }, options: { cas } }
    const reply = await this.#sim.cluster.call(anyHost(this.#sim), 'POST', key.path, body)
    if (isInDoubt(reply)) return
    if (reply.status === 400) return
    if (reply.status !== 200) throw new Error(`write of ${key.path}: ${reply.text}`)
    const { version } = reply.body.data
    if (version !== cas + 1) throw new Error(`cas ${cas} made version ${version}`)
    if (key.acknowledged.has(version)) throw new Error(`${key.path} has two of version ${version}`)
    key.acknowledged.set(version, value)
    key.latest = Math.max(key.latest, version)
  }

  async read(host = anyHost(this.#sim)): Promise<void> {
    const key = pick(this.#sim.random, this.#keys)
    const least = Math.max(0, ...key.acknowledged.keys())
    const reply = await this.#sim.cluster.call(host, 'GET', key.path)
    if (isInDoubt(reply)) return
    if (reply.status === 404 && least === 0) return
    if (reply.status !== 200) throw new Error(`${key.path} at ${least}: ${reply.text}`)
    const { version } = reply.body.data.metadata
    if (version < least) throw new Error(`${key.path} is ${version}, was ${least} before`)
    this.#assertValue(key, version, reply.body.data.data.value)
    key.latest = Math.max(key.latest, version)
  }

  /** Every acknowledged version is there to the letter. */
  async verify(): Promise<void> {
    for (const key of this.#keys) {
      for (const version of key.acknowledged.keys()) {
        const of = { query: { version: String(version) } }
        const reply = await this.#sim.cluster.call(0, 'GET', key.path, undefined, of)
        if (reply?.status !== 200) throw new Error(`${key.path} ${version} is lost: ${reply?.text}`)
        this.#assertValue(key, version, reply.body.data.data.value)
      }
    }
  }

  #assertValue({ path, acknowledged, doubtful }: SecretKey, version: number, value: string): void {
    const known = acknowledged.get(version)
    const possible = known === undefined ? (doubtful.get(version) ?? []) : [known]
    if (!possible.includes(value)) {
      throw new Error(`${path} ${version} is ${value}, not ${possible.join(' or ')}`)
    }
  }
}

/** What was tried on a token and whether one try was acknowledged. */
interface Tries {
  isTried: boolean
  isDone: boolean
}

interface TokenNode {
  readonly token: string
  readonly parent: TokenNode | null
  /** It lives at least until the first and at most until the second. */
  readonly aliveUntilMs: number
  readonly deadFromMs: number
  /** With all below it, and alone. */
  readonly tree: Tries
  readonly alone: Tries
}

type Verdict = 'alive' | 'dead' | 'unknown'

/** Trees of tokens: after a revocation was acknowledged, nothing below is accepted, on any host. */
export class TokensModel {
  readonly #sim: Simulation
  readonly #nodes: TokenNode[] = []

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  get count(): number {
    return this.#nodes.length
  }

  any(): TokenNode | null {
    return this.#nodes.length === 0 ? null : pick(this.#sim.random, this.#nodes)
  }

  verdict(node: TokenNode): Verdict {
    const now = this.#sim.cluster.clock.now()
    if (node.tree.isDone || node.alone.isDone || now >= node.deadFromMs) return 'dead'
    let isUnknown = node.tree.isTried || node.alone.isTried || now >= node.aliveUntilMs
    for (let at = node.parent; at; at = at.parent) {
      const { tree, alone } = at
      if (tree.isTried && alone.isTried) isUnknown = true
      // Revoked alone: what is above counts no more.
      else if (alone.isDone) break
      else if (tree.isDone && !isUnknown) return 'dead'
      else if (alone.isTried || tree.isTried || now >= at.aliveUntilMs) isUnknown = true
    }
    return isUnknown ? 'unknown' : 'alive'
  }

  async create(): Promise<void> {
    const { cluster, random } = this.#sim
    const parent = random.fraction() < 0.3 ? null : this.any()
    const ttl = 20 + Math.floor(random.fraction() * 300)
    const before = parent ? this.verdict(parent) : 'alive'
    const body = { policies: ['sim'], ttl: `${ttl}s` }
    const options = parent ? { token: parent.token } : {}
    const startedAtMs = cluster.clock.now()
    const reply = await cluster.call(anyHost(this.#sim), 'POST', 'auth/token/create', body, options)
    if (isInDoubt(reply)) return
    if (reply.status === 403) {
      if (!parent || (before === 'alive' && this.verdict(parent) === 'alive')) {
        throw new Error(`a living token could not make another: ${reply.text}`)
      }
      return
    }
    if (reply.status !== 200) throw new Error(`create: ${reply.text}`)
    if (before === 'dead') throw new Error('a dead token made another')
    this.#nodes.push({
      token: reply.body.auth.client_token,
      parent,
      aliveUntilMs: startedAtMs + ttl * 1000,
      deadFromMs: cluster.clock.now() + ttl * 1000,
      tree: { isTried: false, isDone: false },
      alone: { isTried: false, isDone: false },
    })
  }

  async revoke(): Promise<void> {
    const node = this.any()
    if (!node) return
    const isAlone = this.#sim.random.fraction() < 0.3
    const path = isAlone ? 'auth/token/revoke-orphan' : 'auth/token/revoke'
    const tries = isAlone ? node.alone : node.tree
    tries.isTried = true
    const body = { token: node.token }
    const reply = await this.#sim.cluster.call(anyHost(this.#sim), 'POST', path, body)
    if (isInDoubt(reply)) return
    // It was gone already, for whatever reason.
    if (reply.status === 400 && isAlone) return
    if (reply.status !== 204 && reply.status !== 200) throw new Error(`revoke: ${reply.text}`)
    tries.isDone = true
  }

  async check(): Promise<void> {
    const node = this.any()
    if (!node) return
    const before = this.verdict(node)
    const of = { token: node.token }
    const path = 'auth/token/lookup-self'
    const host = anyHost(this.#sim)
    const reply = await this.#sim.cluster.call(host, 'GET', path, undefined, of)
    if (isInDoubt(reply)) return
    if (before === 'dead' && reply.status === 200) throw new Error('a dead token was accepted')
    const isSteady = before === 'alive' && this.verdict(node) === 'alive'
    if (isSteady && reply.status !== 200) throw new Error(`a living token: ${reply.text}`)
  }
}

interface LeaseNode {
  readonly name: string
  readonly owner: TokenNode
  readonly aliveUntilMs: number
  isRevoked: boolean
}

/** Accounts in the outside world: there while their lease lives, gone soon after. */
export class LeasesModel {
  readonly #sim: Simulation
  readonly #tokens: TokensModel
  readonly #leases: (LeaseNode & { readonly id: string })[] = []

  constructor(sim: Simulation, tokens: TokensModel) {
    this.#sim = sim
    this.#tokens = tokens
  }

  get count(): number {
    return this.#leases.length
  }

  async make(): Promise<void> {
    const owner = this.#tokens.any()
    if (!owner) return
    const { cluster, random } = this.#sim
    const before = this.#tokens.verdict(owner)
    const query = { ttl: String(10 + Math.floor(random.fraction() * 120)) }
    const of = { token: owner.token, query }
    const host = anyHost(this.#sim)
    const startedAtMs = cluster.clock.now()
    const reply = await cluster.call(host, 'GET', 'out/creds/app', undefined, of)
    if (isInDoubt(reply) || reply.status === 403) return
    if (reply.status !== 200) throw new Error(`creds: ${reply.text}`)
    if (before === 'dead') throw new Error('a dead token got a lease')
    const { lease_id: id, lease_duration, data } = reply.body
    const aliveUntilMs = startedAtMs + lease_duration * 1000
    this.#leases.push({ id, name: data.name, owner, aliveUntilMs, isRevoked: false })
  }

  async revoke(): Promise<void> {
    if (this.#leases.length === 0) return
    const lease = pick(this.#sim.random, this.#leases)
    lease.isRevoked = true
    const body = { lease_id: lease.id, sync: this.#sim.random.fraction() < 0.5 }
    const host = anyHost(this.#sim)
    const reply = await this.#sim.cluster.call(host, 'POST', 'sys/leases/revoke', body)
    if (isInDoubt(reply)) return
    // 202: it is queued.
    if (reply.status !== 204 && reply.status !== 202) throw new Error(`lease: ${reply.text}`)
  }

  /** No account is taken away before its time. */
  assertKept(): void {
    const now = this.#sim.cluster.clock.now()
    for (const { name, owner, aliveUntilMs, isRevoked } of this.#leases) {
      if (isRevoked || now >= aliveUntilMs || this.#tokens.verdict(owner) !== 'alive') continue
      if (!this.#sim.world.accounts.has(name)) throw new Error(`${name} was revoked too early`)
    }
  }
}

/** What was sent before an answer failed to come arrives within this. */
const LATE_MS = 1000

/** One policy that goes back and forth: the last acknowledged text decides, everywhere at once. */
export class PolicyModel {
  readonly #sim: Simulation
  /** null: a change is in doubt. */
  #isAllowed: boolean | null = true
  #changes = 0
  #isChanging = false
  checks = 0
  token = ''

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  async change(): Promise<void> {
    if (this.#isChanging) return
    this.#isChanging = true
    this.#changes++
    const isAllowed = this.#sim.random.fraction() < 0.5
    const capability = isAllowed ? 'read' : 'deny'
    const body = { policy: `path "kv/data/flag" { capabilities = ["${capability}"] }` }
    const { cluster } = this.#sim
    const reply = await cluster.call(anyHost(this.#sim), 'POST', 'sys/policies/acl/flip', body)
    this.#isAllowed = isInDoubt(reply) ? null : isAllowed
    if (isInDoubt(reply)) await cluster.clock.sleep(LATE_MS)
    else if (reply.status !== 204) throw new Error(`policy: ${reply.text}`)
    this.#changes++
    this.#isChanging = false
  }

  async check(): Promise<void> {
    const before = this.#changes
    const isAllowed = this.#isAllowed
    if (this.#isChanging || isAllowed === null) return
    const of = { token: this.token }
    const host = anyHost(this.#sim)
    const reply = await this.#sim.cluster.call(host, 'GET', 'kv/data/flag', undefined, of)
    if (isInDoubt(reply) || this.#changes !== before) return
    this.checks++
    const wanted = isAllowed ? 200 : 403
    if (reply.status !== wanted) throw new Error(`policy says ${wanted}, got ${reply.status}`)
  }
}
