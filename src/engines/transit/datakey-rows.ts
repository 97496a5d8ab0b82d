// datakey: a fresh random key, encrypted, and in the clear too where the path says so.
import { badRequest } from '../../base/errors.ts'
import { integer, string } from '../../schema/field.ts'
import { endpoints } from '../../sdk/endpoints.ts'
import { encrypt } from './encrypt.ts'
import { keyVersion, NO_KEY } from './encrypt-rows.ts'
import { decodeContext } from './input-base64.ts'
import { checkName, nameParam } from './key-name.ts'
import { usesWarning } from './key-uses.ts'
import { useKey } from './loaded-key.ts'

const { write } = endpoints()

const SIZES = [128, 256, 512]

export const datakeyRows = [
  write('datakey/:plaintext/:name', {
    about: 'Makes a key for local encryption, encrypted with a key of the mount.',
    effects: false,
    params: {
      ...nameParam,
      plaintext: string('"plaintext" answers the key too, "wrapped" only its ciphertext.', {
        required: true,
      }),
    },
    input: {
      context: string('Base64 context that the key is derived with.'),
      bits: integer('128, 256 or 512.', { default: 256 }),
      key_version: keyVersion,
      associated_data: string('Base64 data that is bound to the ciphertext.'),
    },
    output: {
      ciphertext: string('The new key, encrypted.'),
      key_version: integer('The version that was used.'),
      plaintext: string('Base64 of the new key.', { secret: true }),
    },
    handle: async (ctx, { name, plaintext, context, bits, key_version, associated_data }) => {
      if (plaintext !== 'plaintext' && plaintext !== 'wrapped')
        throw badRequest("Invalid path, must be 'plaintext' or 'wrapped'")
      const decoded = decodeContext(context, 'failed to base64-decode context')
      const answer = await useKey(ctx, checkName(name), async (key) => {
        if (!SIZES.includes(bits)) throw badRequest('invalid bit length')
        const associatedData = associated_data ?? ''
        if (associatedData !== '' && !key.type.takesAssociatedData)
          throw badRequest(`'associated_data' provided for non-AEAD cipher suite ${key.type.name}`)
        const fresh = ctx.random.bytes(bits / 8)
        const { ciphertext, version } = await encrypt(ctx, key, {
          ...{ plaintext: fresh, context: decoded, version: key_version ?? 0, associatedData },
        })
        const data = { ciphertext, key_version: version.number }
        const shown = plaintext === 'plaintext' ? { plaintext: fresh.toString('base64') } : {}
        fresh.fill(0)
        const warning = usesWarning(key, version)
        return { data: { ...data, ...shown }, warnings: warning === null ? [] : [warning] }
      })
      if (answer === null) throw badRequest(NO_KEY)
      return answer
    },
  }),
]
