// From a leak to a clean history: the filter is fetched, the leak is told offline, looked up, its readers are listed
// from the audit file, and the printed steps are run with the real git filter-repo, after which nothing is found.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliServer, startCliServer } from '../support/cli-server.ts'
import { FILTER_REPO_INSTALL_MS, filterRepoFolder } from '../support/real-filter-repo.ts'

const SECRET = ['gT7#kQ', "z'9w", '!Lm2$Vx', '8pRn'].join('')
let cli: CliServer
let filterRepo: string
let repo: string
let filter: string

function sh(script: string, cwd: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
    cwd,
    encoding: 'utf8',
    env: {
      HOME: cli.folder,
      PATH: `${filterRepo}${delimiter}${process.env.PATH}`,
      PYTHONPATH: dirname(filterRepo),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'A',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@example.com',
    },
  })
  if (status !== 0) throw new Error(`${script}: ${stderr}${stdout}`)
  return stdout
}

/** A repository whose former commits, a branch and a tag hold the secret. */
function makeRepository(folder: string): void {
  mkdirSync(folder)
  sh('git init -q -b main . && git config receive.denyCurrentBranch ignore', folder)
  const commit = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text)
    sh(`git add -A && git commit -qm "${name}"`, folder)
  }
  commit('readme', 'hello\n')
  commit('app.env', `DB_USER=app\nDB_PASSWORD=${SECRET}\n`)
  sh('git tag v1 && git branch feature', folder)
  commit('app.env', 'DB_USER=app\n')
  sh('git checkout -q feature', folder)
  commit('conf.yaml', `password: "${SECRET}"\n`)
  sh('git checkout -q main', folder)
}

/** Waits until the filter knows the secret; its id. */
async function knownId(): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await cli.run([
      'leak',
      'filter',
      '-scanner=ci',
      `-file=${filter}`,
      '-format=json',
    ])
    if (JSON.parse(stdout).values > 0) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { LiveFilter, readFilterFile } = await import('../../src/scan/vault/live-filter.ts')
  const hit = new LiveFilter(readFilterFile(filter)).find(SECRET)
  expect(hit?.state).toBe('live')
  return hit!.id
}

beforeAll(async () => {
  filterRepo = await filterRepoFolder()
  cli = await startCliServer()
  repo = join(cli.folder, 'repo')
  filter = join(cli.folder, 'ci.filter')
  makeRepository(repo)
  const audit = join(cli.folder, 'audit.log')
  await cli.works(`audit enable file file_path=${audit}`)
  await cli.works('secrets enable -path=secret -version=2 kv')
  await cli.works(['kv', 'put', '-mount=secret', 'app/db', `password=${SECRET}`, 'user=app'])
  await cli.works(['kv', 'put', '-mount=secret', 'copy', `other=${SECRET}`])
  await cli.works('write sys/live-secrets/config enabled=true')
  await cli.works('write -f sys/live-secrets/scanners/ci')
  await cli.works('kv get -mount=secret app/db')
  await cli.works('kv get -mount=secret app/db')
}, FILTER_REPO_INSTALL_MS + 60_000)
afterAll(() => cli?.close())

describe('a leaked secret', () => {
  it('is told, looked up, and taken out of the history by the printed steps', {
    timeout: 120_000,
  }, async () => {
    const id = await knownId()
    expect(statSync(filter).mode & 0o777).toBe(0o600)
    expect(readFileSync(filter, 'latin1')).not.toContain('app/db')
    const about = JSON.parse(
      await cli.works(['leak', 'lookup', `-file=${filter}`, '-format=json', id]),
    )
    expect(about.data).toMatchObject({
      key: expect.stringMatching(/password|other/),
      state: 'live',
    })

    const replacements = join(cli.folder, 'replacements')
    const args = ['leak', 'respond', `-file=${filter}`, `-repo=${repo}`]
    const audit = `-audit-file=${join(cli.folder, 'audit.log')}`
    const text = await cli.works([...args, audit, `-replacements=${replacements}`, id])
    expect(text).not.toContain(SECRET)
    expect(text).toMatch(/path +secret\/data\/(app\/db|copy)\n +key +(password|other), version 1/)
    expect(text).toMatch(/ {2}secret\/data\/(app\/db|copy) (password|other), version 1 \(live\)/)
    expect(text).toMatch(/root +- +127\.0\.0\.1 +2 /)
    expect(text).toContain('app.env:2')
    expect(text).toContain('conf.yaml:1')
    expect(text).toContain('branches: feature, main')
    expect(text).toContain('tags: v1')
    expect(text).toContain('only its owner can replace it')
    expect(statSync(replacements).mode & 0o777).toBe(0o600)

    const steps = text
      .split('\n')
      .flatMap((line) => /^ {2}((?:git|cd|rm) .*)$/.exec(line)?.[1] ?? [])
    expect(steps).toHaveLength(5)
    sh(steps.join('\n'), cli.folder)
    // Everybody clones anew.
    sh(`git clone -q --mirror ${repo} fresh.git`, cli.folder)
    const fresh = join(cli.folder, 'fresh.git')
    const all = sh(
      'git rev-list --all --objects | cut -d" " -f1 | git cat-file --batch --buffer',
      fresh,
    )
    expect(all).toContain('***REMOVED***')
    expect(all).not.toContain(SECRET)
    const after = await cli.works(['leak', 'respond', `-file=${filter}`, `-repo=${fresh}`, id])
    expect(after).toContain('not in the history of')
  })

  it('is told by the scanner, redacted, without a server', () => {
    const program = fileURLToPath(new URL('../../bin/strongroom', import.meta.url))
    const args = ['scan', 'dir', '--live-filter', filter, '--format', 'json', repo]
    const ran = spawnSync(program, args, { encoding: 'utf8' })
    expect(ran.status, ran.stderr).toBe(0)
    writeFileSync(join(repo, 'leak.txt'), `one\npassword=${SECRET}\n`)
    const found = spawnSync(program, args, { encoding: 'utf8' })
    expect(found.status, found.stderr).toBe(1)
    expect(found.stdout).not.toContain(SECRET)
    const [finding] = JSON.parse(found.stdout)
    expect(finding).toMatchObject({
      RuleID: 'live-secret',
      StartLine: 2,
      Tags: ['live', expect.stringMatching(/^id:/)],
    })
    rmSync(join(repo, 'leak.txt'))
    const missing = spawnSync(program, [...args.slice(0, 3), '/nonexistent', repo], {
      encoding: 'utf8',
    })
    expect(missing.status).toBe(2)
    expect(missing.stderr).toContain('/nonexistent')
  })

  it('is dead once it was replaced', { timeout: 60_000 }, async () => {
    const id = await knownId()
    await cli.works([
      'kv',
      'put',
      '-mount=secret',
      'app/db',
      'password=another-Secret-48151623',
      'user=app',
    ])
    await cli.works(['kv', 'put', '-mount=secret', 'copy', 'other=another-Secret-48151623'])
    const path = ['leak', 'lookup', `-file=${filter}`, '-field=state', id]
    let state = ''
    for (let tries = 0; tries < 100 && state.trim() !== 'replaced'; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      state = await cli.works(path)
    }
    expect(state.trim()).toBe('replaced')
    const text = await cli.works(['leak', 'respond', `-file=${filter}`, id])
    expect(text).toContain('the leaked value is dead already')
  })

  it('is told of to nobody who may not read it', async () => {
    const id = await knownIdOfOther()
    await cli.works(['policy', 'write', 'scanner', '-'].slice(0, 2).concat('default', policyFile()))
    const made = JSON.parse(await cli.works('token create -policy=default -format=json'))
    const { code, stderr } = await cli.run(
      ['leak', 'lookup', `-file=${filter}`, id],
      made.auth.client_token,
    )
    expect(code).toBe(2)
    expect(stderr).toContain('403')
    expect(stderr).not.toContain('app/db')
  })

  it('says what is wrong with what was typed', async () => {
    const wrong = await cli.run(`leak lookup -file=${filter} app/db`)
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('16 hex digits') })
    const none = await cli.run(`leak filter -file=${join(cli.folder, 'none')}`)
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('-scanner=NAME') })
    const unknown = await cli.run(`leak filter -scanner=nobody -file=${join(cli.folder, 'none')}`)
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('nobody')
  })
})

function policyFile(): string {
  const path = join(cli.folder, 'policy.hcl')
  writeFileSync(path, 'path "sys/live-secrets/scanners/ci/*" { capabilities = ["read"] }\n')
  return path
}

async function knownIdOfOther(): Promise<string> {
  const { readFilterFile, ROW_BYTES } = await import('../../src/scan/vault/live-filter.ts')
  const { rows } = readFilterFile(filter)
  expect(rows.length).toBeGreaterThanOrEqual(ROW_BYTES)
  return rows.toString('hex', 8, 16)
}
