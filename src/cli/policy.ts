// policy: list, read, write and delete ACL policies.
// API: sys/policies/acl/NAME. Names are lower case.
import { readFileSync } from 'node:fs'
import { defineCommand, type Family, ONE_ARGUMENT } from './command.ts'
import { OrderedMap } from './exact-json.ts'
import { attempt, Failure, messageOf } from './failure.ts'
import { outputData } from './output.ts'
import { textOf, textsOf } from './secret.ts'

export const policyFamily: Family = {
  name: 'policy',
  synopsis: 'Work with policies',
  about: ['Lists, reads, writes and deletes the policies that say which token may do what.'],
  examples: [
    { does: 'List them:', run: ['{} policy list'] },
    { does: 'Write one from a file:', run: ['{} policy write my-policy my-policy.hcl'] },
    { does: 'Delete one:', run: ['{} policy delete my-policy'] },
  ],
}

const policyName = (argument: string): string => argument.trim().toLowerCase()

export const policyList = defineCommand({
  name: 'policy list',
  synopsis: 'List the policies',
  usage: '[options]',
  about: ['Lists the names of all policies.'],
  async run({ ui, client }) {
    const api = await client()
    const names = await attempt('Error listing policies', async () => {
      const answer = await api.list('sys/policies/acl')
      return textsOf(answer?.data, 'keys') ?? []
    })
    if (ui.format !== 'table') return outputData(ui, names)
    for (const name of names) ui.out(name)
    return 0
  },
})

export const policyRead = defineCommand({
  name: 'policy read',
  synopsis: 'Print a policy',
  usage: '[options] NAME',
  about: ['Prints the text of a policy.'],
  examples: [{ does: 'Read a policy:', run: ['{} policy read my-policy'] }],
  arity: ONE_ARGUMENT,
  completes: ['policies'],
  async run({ ui, args, client }) {
    const api = await client()
    const name = policyName(args[0]!)
    const answer = await attempt(`Error reading policy named ${name}`, () =>
      api.read(`sys/policies/acl/${name}`),
    )
    const rules = textOf(answer?.data, 'policy')
    if (rules === '') throw new Failure(2, `No policy named: ${name}`)
    if (ui.format !== 'table') return outputData(ui, new OrderedMap([['policy', rules]]))
    ui.out(rules.trim())
    return 0
  },
})

export const policyWrite = defineCommand({
  name: 'policy write',
  synopsis: 'Write a policy from a file or standard input',
  usage: '[options] NAME PATH',
  about: ['Writes a policy with the text of a file, or of standard input if the path is "-".'],
  examples: [
    { does: 'From a file:', run: ['{} policy write my-policy my-policy.hcl'] },
    {
      does: 'From standard input:',
      run: [`echo 'path "secret/*" { capabilities = ["read"] }' | {} policy write readers -`],
    },
  ],
  output: [],
  arity: { min: 2, max: 2 },
  completes: ['policies', 'files'],
  async run({ ui, args, input, client }) {
    const api = await client()
    const name = policyName(args[0]!)
    const path = args[1]!.trim()
    let policy: string
    try {
      policy = path === '-' ? await input.readAll() : readFileSync(path, 'utf8')
    } catch (error) {
      throw new Failure(2, `Error opening policy file: ${messageOf(error)}`)
    }
    const body = new OrderedMap([['policy', policy]])
    await attempt('Error uploading policy', () =>
      api.request('PUT', `sys/policies/acl/${name}`, { body }),
    )
    if (args[0] !== name) ui.warn(`Policy name was converted from "${args[0]}" to "${name}"`)
    ui.out(`Success! Uploaded policy: ${name}`)
    return 0
  },
})

export const policyDelete = defineCommand({
  name: 'policy delete',
  synopsis: 'Delete a policy',
  usage: '[options] NAME',
  about: [
    'Deletes a policy. Tokens that have it lose its rights at once. "root" and "default" can not be deleted.',
  ],
  examples: [{ does: 'Delete a policy:', run: ['{} policy delete my-policy'] }],
  output: [],
  arity: ONE_ARGUMENT,
  completes: ['policies'],
  async run({ ui, args, client }) {
    const api = await client()
    const name = policyName(args[0]!)
    await attempt(`Error deleting ${name}`, () => api.request('DELETE', `sys/policies/acl/${name}`))
    ui.out(`Success! Deleted policy: ${name}`)
    return 0
  },
})
