// Audit devices that the configuration file names. At unsealing they are enabled, made anew where their
// options changed, and disabled where the file no longer names them. Devices that requests made stay. A
// device that can't be enabled keeps the server sealed: without it nothing would be recorded.
import { ApiError } from '../../base/errors.ts'
import type { Core } from '../core.ts'
import type { AuditMountRecord } from './audit-store.ts'

export interface ConfiguredAudit {
  readonly type: string
  /** Ends in a slash. */
  readonly path: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
  readonly local: boolean
}

export async function ensureConfiguredAudit(
  { audit }: Pick<Core, 'audit'>,
  configured: readonly ConfiguredAudit[],
): Promise<void> {
  for (const record of audit.list()) {
    if (record.fromRequest) continue
    const wanted = configured.find((one) => one.path === record.path)
    if (!wanted || !isSame(record, wanted)) await audit.disable(record.path, true)
  }
  for (const wanted of configured) {
    const found = audit.list().find((record) => record.path === wanted.path)
    if (found && isSame(found, wanted)) continue
    try {
      await audit.enable({ ...wanted, fromRequest: false })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const name = JSON.stringify(wanted.path)
      throw new ApiError(500, [`audit device ${name} of the configuration: ${why}`], {
        cause: error,
      })
    }
  }
}

function isSame(record: AuditMountRecord, wanted: ConfiguredAudit): boolean {
  if (record.type !== wanted.type || record.description !== wanted.description) return false
  const names = new Set([...Object.keys(record.options), ...Object.keys(wanted.options)])
  return [...names].every((name) => record.options[name] === wanted.options[name])
}
