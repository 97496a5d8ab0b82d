// `npm run new engine NAME`: the folder of a new secrets engine with a first endpoint and its test, and its
// line in src/registry.ts. What it writes passes `npm run check` and `npm test`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './ensure.mjs'

const [kind, name] = process.argv.slice(2)
if (kind !== 'engine' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name ?? '')) {
  process.stderr.write('Usage: npm run new engine NAME   (NAME: lower case, digits, dashes)\n')
  process.exit(1)
}
const folder = join(root, 'src/engines', name)
if (existsSync(folder)) {
  process.stderr.write(`src/engines/${name} exists already\n`)
  process.exit(1)
}
const value = name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())

const engine = `// The ${name} engine.
import { string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { secretsEngine } from '../../sdk/plugin.ts'

const { read, write } = endpoints()

export const ${value} = secretsEngine({
  type: '${name}',
  about: 'One sentence about what the engine is for.',
  endpoints: [
    read('notes/:name', {
      about: 'Show a note.',
      params: { name: string('Name of the note.') },
      output: { text: string('The note.') },
      effects: false,
      handle: async (ctx, { name }) => {
        const entry = await ctx.storage.get(\`note/\${name}\`)
        return entry ? { data: { text: entry.text() } } : { empty: true }
      },
    }),
    write('notes/:name', {
      about: 'Create or change a note.',
      params: { name: string('Name of the note.') },
      input: { text: string('The note.', { required: true }) },
      exists: async (ctx, { name }) => (await ctx.storage.get(\`note/\${name}\`)) !== null,
      handle: async (ctx, { name, text }) => {
        await ctx.storage.put(\`note/\${name}\`, text)
        return { empty: true }
      },
    }),
  ],
})
`

const test = `import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type InProcess, startInProcess } from '../../../test/support/in-process.ts'

let server: InProcess
beforeEach(async () => {
  server = await startInProcess()
  await server.call('POST', 'sys/mounts/${name}', { type: '${name}' })
})
afterEach(() => server.close())

describe('${name}', () => {
  it('keeps a note', async () => {
    await server.call('POST', '${name}/notes/first', { text: 'hello' })
    const { body } = await server.call('GET', '${name}/notes/first')
    expect(body.data).toEqual({ text: 'hello' })
  })
})
`

mkdirSync(folder)
writeFileSync(join(folder, `${name}.ts`), engine)
writeFileSync(join(folder, `${name}.test.ts`), test)
const registryPath = join(root, 'src/registry.ts')
const registry = readFileSync(registryPath, 'utf8')
const listed = registry
  .replace(/^import /m, `import { ${value} } from './engines/${name}/${name}.ts'\nimport `)
  .replace(/(export const engines[^=]*=\s*\[[^\]]*?),?(\s*)\]/, `$1, ${value}$2]`)
if (!listed.includes(`, ${value}`)) throw new Error('src/registry.ts has no list of engines')
writeFileSync(registryPath, listed)
// The formatter puts the import and the list into their order.
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
const format = spawnSync(process.execPath, [biome, 'check', '--write', registryPath, folder], {
  cwd: root,
  encoding: 'utf8',
})
if (format.status !== 0) process.stderr.write(format.stdout + format.stderr)
process.stdout.write(
  `src/engines/${name} is ready. Next: npm run check, npm test -- src/engines/${name}, npm run docs\n`,
)
