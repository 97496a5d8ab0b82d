// What pki issue and pki reissue do: a signing request in one mount, signed by an issuer of another, and the
// certificate with its chain brought back. Where a step fails, what is there already is told, with the way on.
import type { Client } from '../client.ts'
import type { Json, JsonMap } from '../exact-json.ts'
import { attempt, Failure } from '../failure.ts'
import { stringFlag } from '../flags.ts'
import { outputSecret } from '../output.ts'
import { mapOf, type Secret, textOf, textsOf } from '../secret.ts'
import type { Ui } from '../ui.ts'
import { readIssuer } from './issuer-certificates.ts'

export const issueFlags = {
  issuer_name: stringFlag('Name for the new issuer.'),
  type: stringFlag('internal for a new key, existing for one that the mount has.', {
    initial: 'internal',
    completes: ['internal', 'existing', 'kms'],
  }),
}

export interface IssuePlan {
  /** mount/issuer/reference */
  readonly parent: string
  readonly mount: string
  readonly keyType: string
  readonly issuerName: string
  readonly data: JsonMap
}

interface Progress {
  csr: string
  keyId: string
  serial: string
  issuerId: string
}

export async function issueIntermediate(ui: Ui, api: Client, plan: IssuePlan): Promise<number> {
  const { parent, mount } = plan
  if (!parent.includes('/issuer/'))
    throw new Failure(
      1,
      `Parent Issuer ${parent} is Not a PKI Issuer Path of the format /mount/issuer/issuer-ref`,
    )
  await attempt(`Unable to access parent issuer ${parent}`, () => readIssuer(api, parent), 1)
  const progress: Progress = { csr: '', keyId: '', serial: '', issuerId: '' }
  try {
    await issueSteps(ui, api, plan, progress)
  } catch (error) {
    for (const line of wayOn(plan, progress)) ui.error(line)
    throw error
  }
  const answer = await attempt(
    `Error Reading Fully Imported Certificate from ${mount}/issuer/${progress.issuerId}`,
    () => api.read(`${mount}/issuer/${progress.issuerId}`),
    1,
  )
  return answer ? outputSecret(ui, answer) : 1
}

async function issueSteps(ui: Ui, api: Client, plan: IssuePlan, progress: Progress): Promise<void> {
  const { parent, mount, data } = plan
  const generating = `Failed to Generate Intermediate CSR on ${mount}`
  const request = await attempt(
    generating,
    () => api.write(`${mount}/intermediate/generate/${plan.keyType}`, data),
    1,
  )
  progress.csr = requiredText(request, 'csr', generating)
  progress.keyId = plan.keyType === 'internal' ? textOf(request?.data, 'key_id') : ''
  const signing = `Error Signing Intermediate On ${parent}`
  const body: JsonMap = new Map([...data, ['csr', progress.csr]])
  const signed = await attempt(signing, () => api.write(`${parent}/sign-intermediate`, body), 1)
  const certificate = requiredText(signed, 'certificate', signing)
  progress.serial = textOf(signed?.data, 'serial_number')
  progress.issuerId = await importOne(api, mount, certificate)
  if (plan.issuerName !== '') await nameIssuer(api, mount, progress.issuerId, plan.issuerName)
  const parentId = await importOne(api, mount, requiredText(signed, 'issuing_ca', signing))
  const parentName = parent.slice(parent.lastIndexOf('/') + 1)
  if (parentName !== 'default')
    await nameIssuer(api, mount, parentId, parentName).catch((error: Error) =>
      ui.warn(`Unable to name the parent's certificate in ${mount}: ${error.message}`),
    )
  const chain = textsOf(signed?.data, 'ca_chain') ?? []
  if (chain.length > 2) await importBundle(api, mount, chain.join('\n'))
}

function requiredText(answer: Secret | null, field: string, doing: string): string {
  const text = textOf(answer?.data, field)
  if (text === '') throw new Failure(1, `${doing}: the answer holds no field "${field}"`)
  return text
}

const importBundle = (api: Client, mount: string, bundle: string): Promise<Secret | null> =>
  attempt(
    `Error Importing Into ${mount}`,
    () =>
      api.write(`${mount}/issuers/import/cert`, new Map<string, Json>([['pem_bundle', bundle]])),
    1,
  )

async function importOne(api: Client, mount: string, certificate: string): Promise<string> {
  const mapping = mapOf((await importBundle(api, mount, certificate))?.data, 'mapping')
  const ids = [...(mapping?.keys() ?? [])]
  if (ids.length !== 1) throw new Failure(1, `${mount} took ${ids.length} issuers, not one`)
  return ids[0]!
}

const nameIssuer = (api: Client, mount: string, id: string, name: string) =>
  attempt(
    `Error naming issuer ${id} to ${name}`,
    () => api.patch(`${mount}/issuer/${id}`, new Map<string, Json>([['issuer_name', name]])),
    1,
  )

/** What is there after a failure, and how to go on or to take it back. */
function wayOn({ mount, parent }: IssuePlan, made: Progress): readonly string[] {
  if (made.csr === '') return []
  const lines = [`A failure has occurred. A signing request was made in ${mount}.`]
  if (made.serial === '')
    lines.push(`To go on, let ${parent}/sign-intermediate sign this request:\n${made.csr}`)
  else if (made.issuerId === '')
    lines.push(
      `It was signed (serial number ${made.serial}); import the certificate at ${mount}/issuers/import/cert,`,
      `or revoke it at ${parent.split('/issuer/')[0]}/revoke.`,
    )
  else lines.push(`Its certificate is there as ${mount}/issuer/${made.issuerId}.`)
  if (made.keyId !== '' && made.issuerId === '')
    lines.push(`To take it back, delete its key: ${mount}/key/${made.keyId}`)
  return lines
}
