// Transit against OpenBao: its backups restore here, what it encrypted and signed decrypts and verifies here,
// and what is deterministic (convergent ciphertexts, HMACs, Ed25519 and PKCS #1 v1.5) is made here byte for
// byte. And its answers to some 900 requests, right and wrong ones, are ours. Origins are in the files.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InProcess, startInProcess } from '../support/in-process.ts'

interface Vectors {
  readonly keys: readonly { name: string; type: string; backup: string }[]
  readonly checks: readonly {
    op: string
    key: string
    body: Readonly<Record<string, unknown>>
    expect: Readonly<Record<string, unknown>>
  }[]
}

interface Step {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly capture?: Readonly<Record<string, string>>
  readonly status: number
  readonly errors?: readonly string[]
  readonly data?: unknown
  readonly warnings?: readonly string[]
  /** Why the answer here is another one; docs/compat.md has it too. */
  readonly differs?: string
}

const load = <T>(name: string): T =>
  JSON.parse(readFileSync(`test/vectors/transit/${name}.json`, 'utf8')) as T
const vectors = load<Vectors>('openbao-vectors')
const { steps } = load<{ steps: readonly Step[] }>('openbao-answers')

let server: InProcess
beforeAll(async () => {
  server = await startInProcess()
  await server.call('POST', 'sys/mounts/transit', { type: 'transit' })
  await server.call('POST', 'sys/mounts/facts', { type: 'transit' })
})
afterAll(() => server.close())

describe.each(vectors.keys)('a $type key of OpenBao ($name)', ({ name, type, backup }) => {
  it('is restored from its backup', async () => {
    const { status, text } = await server.call('POST', 'transit/restore', { backup })
    expect(status, text).toBe(204)
    const { body } = await server.call('GET', `transit/keys/${name}`)
    expect(body.data.type).toBe(type)
    expect(body.data.restore_info.version).toBe(body.data.latest_version)
  })

  it('did what it would do here', async () => {
    for (const check of vectors.checks.filter(({ key }) => key === name)) {
      const { body, text } = await server.call('POST', `transit/${check.op}/${name}`, check.body)
      const at = `${check.op} ${JSON.stringify(check.body)} -> ${text}`
      expect(body.data, at).toMatchObject(check.expect)
    }
  })

  it('has a backup here that says the same', async () => {
    const { body } = await server.call('GET', `transit/backup/${name}`)
    const ours = comparable(body.data.backup as string)
    expect(ours).toEqual(comparable(backup))
  })
})

/** Without what a restore and a backup note of themselves. Big numbers stay texts. */
function comparable(backup: string): unknown {
  const text = Buffer.from(backup, 'base64')
    .toString()
    .replace(/(?<=[:[,])(\d{17,})/g, '"$1"')
  const { policy, archived_keys } = JSON.parse(text) as Record<string, Record<string, unknown>>
  const { backup_info, restore_info, ...rest } = policy!
  expect(backup_info).not.toBeNull()
  expect(restore_info === null || typeof restore_info === 'object').toBe(true)
  return { policy: rest, archived_keys }
}

describe('the answers of OpenBao', () => {
  const captured: Record<string, string> = {}
  const fill = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value).replace(/\$\{(\w+)\}/g, (all, name: string) => captured[name] ?? all),
    )

  it('are ours', { timeout: 60_000 }, async () => {
    for (const [index, step] of steps.entries()) {
      const [path = '', search = ''] = step.path.split('?')
      const body = step.body === undefined ? undefined : fill(step.body)
      const query = Object.fromEntries(new URLSearchParams(search))
      const reply = await server.call(step.method, `facts/${path}`, body, { query })
      for (const [name, field] of Object.entries(step.capture ?? {}))
        captured[name] = reply.body.data?.[field] ?? ''
      const at = `step ${index}: ${step.method} ${step.path} ${JSON.stringify(body)} -> ${reply.text}`
      expect(reply.status, at).toBeLessThan(500)
      if (step.differs !== undefined) continue
      // What a caller got wrong is never a 500 here.
      expect(reply.status, at).toBe(step.status === 500 ? 400 : step.status)
      const errors = reply.body?.errors as string[] | undefined
      expect(errors?.map(withoutFrame), at).toEqual(step.errors)
      expect(withPlaceholders(reply.body?.data), at).toEqual(step.data)
      expect(reply.body?.warnings ?? undefined, at).toEqual(step.warnings)
    }
  })
})

const withoutFrame = (text: string): string =>
  text.replace(/^1 error occurred:\n\t\* ([\s\S]*)\n\n$/, '$1')

/** What is random or of the moment, as the file has it. */
function withPlaceholders(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return placeholder(value, name)
  if (typeof value === 'number') return value > 1e9 ? '<time>' : value
  if (Array.isArray(value)) return value.map((item) => withPlaceholders(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withPlaceholders(item, key)]),
  )
}

function placeholder(text: string, name: string): string {
  if (name === 'random_bytes') return `<${text.length}>`
  if (/^vault:v\d+:/.test(text)) return text.replace(/^(vault:v\d+:).*/, '$1…')
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return '<time>'
  if (text.startsWith('-----BEGIN')) return text.slice(0, text.indexOf('\n'))
  if (!/^[A-Za-z0-9+/]{15,}={0,2}$/.test(text)) return text
  return text.length > 60 ? '<base64>' : `<base64 ${text.length}>`
}
