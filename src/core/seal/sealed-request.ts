// A request to a sealed server: only rows of sys that say so are served, without token, storage or audit
// (the devices' salts are behind the barrier). Everything else is 503 and says so.
import { methodNotAllowed, sealed } from '../../base/errors.ts'
import { isJsonObject, stringifyJson } from '../../base/json.ts'
import { parseFields } from '../../schema/parse-fields.ts'
import type { Operation } from '../../sdk/endpoints.ts'
import { type CoreReply, type CoreRequest, emptyReply, jsonReply } from '../core-request.ts'
import type { Exchange } from '../exchange.ts'
import type { Host } from '../host.ts'
import { type Mount, MountTable } from '../mounts/mount-table.ts'
import { type Place, rootNamespace, TopologyView } from '../mounts/topology.ts'
import { readBody } from '../request-body.ts'
import { CoreContext } from '../request-context.ts'
import { SEALED_STORAGE } from './sealed-storage.ts'

export async function serveSealed(
  host: Host,
  request: CoreRequest,
  exchange: Exchange,
  operation: Operation,
): Promise<CoreReply> {
  if (request.fault && !request.opaque) throw request.fault
  const { sealedMount: mount, systemRoutes: routes } = host
  const mountPath = request.path.startsWith('sys/') ? request.path.slice('sys/'.length) : null
  if (mountPath === null) throw sealed()
  const match =
    routes.match(operation, mountPath) ??
    (operation === 'head' ? routes.match('read', mountPath) : null)
  if (!match?.row.whenSealed) {
    if (routes.operationsAt(mountPath).length === 0 || match) throw sealed()
    throw methodNotAllowed('unsupported operation')
  }
  exchange.match = match
  exchange.data = readBody(request, match.row, operation)
  const context = new CoreContext({
    host,
    core: null,
    request,
    id: exchange.id,
    view: SEALED_VIEW,
    place: sealedPlace(mount, request.path, mountPath),
    mount,
    record: null,
    caller: null,
    body: exchange.data,
  })
  const values: Record<string, unknown> = {}
  if (isJsonObject(exchange.data)) parseFields(match.row.input, exchange.data, false, values)
  parseFields(match.row.params, match.params, false, values)
  const answer = await match.row.handle(context, values as never)
  if ('raw' in answer) return answer.raw
  if (!('data' in answer) || !answer.data) return emptyReply
  const status = ('status' in answer && answer.status) || 200
  return jsonReply(status, `${stringifyJson(answer.data)}\n`)
}

/** Rows served while sealed don't look anything up. */
const SEALED_VIEW = new TopologyView('', SEALED_STORAGE, () => {
  throw sealed()
})

function sealedPlace(mount: Mount, path: string, mountPath: string): Place {
  return {
    namespace: rootNamespace,
    table: new MountTable(rootNamespace, []),
    mount,
    path,
    mountPath,
    lockedBy: null,
  }
}
