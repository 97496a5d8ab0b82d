// Names of keys: what Vault's route takes for one, everything else is a path that is not served.
import { badRequest, notFound } from '../../base/errors.ts'
import { MAX_KEY_NAME_BYTES } from '../../base/limits.ts'
import { string } from '../../schema/field.ts'

const NAME = /^\w(?:[\w.-]*\w)?$/

export const nameParam = { name: string('Name of the key.', { required: true }) }

/** Whether the text can be a name at all. */
export const isName = (text: string): boolean =>
  text.length <= MAX_KEY_NAME_BYTES && NAME.test(text)

/** Throws 404 where the path can't be that of a key. */
export function checkName(name: string): string {
  if (!NAME.test(name)) throw notFound('1 error occurred:\n\t* unsupported path\n\n')
  if (name.length > MAX_KEY_NAME_BYTES)
    throw badRequest(`the name of a key is longer than ${MAX_KEY_NAME_BYTES} bytes`)
  return name
}
