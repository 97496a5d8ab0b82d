// intermediate/generate, issuers/generate/intermediate and intermediate/cross-sign: a signing request for a
// key of the mount, which another CA signs; the certificate comes back through set-signed.
import { PEM, toPem } from '../../crypto/x509/pem.ts'
import { boolean, string } from '../../schema/field.ts'
import type { Parsed } from '../../schema/parse-fields.ts'
import type { Answer } from '../../sdk/answer.ts'
import type { RequestContext } from '../../sdk/context.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { isWithoutUrls, NO_AIA_WARNING, readUrls } from './aia.ts'
import { formatOf, keyFields } from './answered-certificate.ts'
import { newKeyName, readDirectory } from './authority.ts'
import { changeAuthority } from './authority-draft.ts'
import { makeCaRequest } from './ca-certificate.ts'
import { keyModeOf, planCaKey } from './ca-key.ts'
import { privateKeyOutput } from './certificate-output.ts'
import { caFields, caKeyFields } from './request-fields.ts'
import { modeParam } from './root-rows.ts'
import { sortedData } from './sorted-data.ts'

const { write } = endpoints()

const { use_pss: _usePss, ...keyFieldsWithoutPss } = caKeyFields
const input = {
  ...caFields,
  ...keyFieldsWithoutPss,
  add_basic_constraints: boolean('Ask for the certificate of a CA in the request.', {
    default: false,
  }),
}
type IntermediateInput = Parsed<typeof input>

const output = {
  ...privateKeyOutput,
  csr: string('The signing request.'),
  key_id: string('Id of the key.'),
}

export const intermediateRows = [
  write('intermediate/generate/:exported', {
    about: 'Makes a key and a signing request for an intermediate.',
    params: modeParam,
    input,
    output,
    handle: (ctx, { exported, ...values }) => generateIntermediate(ctx, exported, values),
  }),
  write('issuers/generate/intermediate/:exported', {
    about: 'Makes a key and a signing request for an intermediate.',
    params: modeParam,
    input,
    output,
    handle: (ctx, { exported, ...values }) => generateIntermediate(ctx, exported, values),
  }),
  write('intermediate/cross-sign', {
    about: 'Makes a signing request for a key of the mount, to be signed by another CA too.',
    input,
    output,
    handle: (ctx, values) => generateIntermediate(ctx, 'existing', values),
  }),
]

async function generateIntermediate(
  ctx: RequestContext,
  exported: string,
  values: IntermediateInput,
): Promise<Answer> {
  const mode = keyModeOf(exported)
  const format = formatOf(values.format)
  const plan = await planCaKey(ctx.storage, mode, values)
  newKeyName(await readDirectory(ctx.storage), values.key_name)
  const { der, key } = await makeCaRequest(plan.make, values)
  const info = await changeAuthority(ctx, async (draft) => {
    const name = newKeyName(draft.directory, values.key_name)
    return (await draft.addKey(key, name)).info
  })
  const isExported = mode === 'exported'
  const pem = toPem(PEM.request, der)
  const bundled =
    isExported && format === 'pem_bundle'
      ? `${keyFields('pem', 'der', key).private_key}\n${pem}`
      : pem
  return {
    data: sortedData({
      csr: format === 'der' ? der.toString('base64') : bundled,
      key_id: info.id,
      ...(isExported ? keyFields(format, values.private_key_format, key) : {}),
    }),
    warnings: isWithoutUrls(await readUrls(ctx.storage)) ? [INTERMEDIATE_AIA_WARNING] : [],
  }
}

const INTERMEDIATE_AIA_WARNING = `${NO_AIA_WARNING} Since this certificate is an intermediate, it might be useful to regenerate this certificate after fixing this problem for the root mount.`
