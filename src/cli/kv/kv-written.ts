// What kv put and kv patch print: where the secret is and the metadata of the new version.
// The exit code is 0 also where the server answered nothing.
import type { CommonValues } from '../command.ts'
import { OrderedMap } from '../exact-json.ts'
import { fieldOf, outputData, outputSecret, printField } from '../output.ts'
import { isWrapped, type Secret } from '../secret.ts'
import type { Ui } from '../ui.ts'
import { printPath, tableHeading } from './kv-table.ts'

export async function printVersion(
  ui: Ui,
  common: CommonValues,
  secret: Secret | null,
  path: string,
): Promise<number> {
  if (!secret) {
    if (ui.format === 'table') ui.out(`Success! Data written to: ${path}`)
    return 0
  }
  if (common.field) return printField(ui, fieldOf(secret, common.field), common.field)
  if (isWrapped(secret) || ui.format !== 'table') return outputSecret(ui, secret)
  const metadata = secret.data ?? new OrderedMap()
  printPath(ui, path, 'Secret Path')
  ui.out(tableHeading('Metadata', metadata))
  return outputData(ui, metadata)
}
