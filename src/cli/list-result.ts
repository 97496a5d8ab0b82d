// What the commands that list print: the keys, or what there is where there are none.
// Exit code 2 tells scripts that nothing is there.
import { OrderedMap } from './exact-json.ts'
import { Failure } from './failure.ts'
import { keysOf, outputData, outputList, outputSecret } from './output.ts'
import { isWrapped, type Secret } from './secret.ts'
import type { Ui } from './ui.ts'

/** Prints the answer to a list or scan; exit code 2 where nothing is there. */
export async function printListed(ui: Ui, secret: Secret | null, path: string): Promise<number> {
  if (secret && isWrapped(secret)) return outputSecret(ui, secret)
  const hasKeys = keysOf(secret) !== null
  if (ui.format !== 'table' && !hasKeys) {
    await outputData(ui, new OrderedMap())
    return 2
  }
  if (!secret) throw new Failure(2, `No value found at ${path}`)
  if (!secret.data) return outputSecret(ui, secret)
  if (!hasKeys) throw new Failure(2, `No entries found at ${path}`)
  return outputList(ui, secret)
}
