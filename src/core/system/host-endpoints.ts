// sys/host-info, sys/in-flight-req, sys/ha-status, sys/step-down, sys/version-history: the machine and the
// server as a whole. Source: Vault's API pages of the same names.
import { hostname } from 'node:os'
import { VERSION } from '../../base/version.ts'
import type { Data } from '../../sdk/answer.ts'
import { endpoints, type Row } from '../../sdk/endpoints.ts'
import type { CoreContext } from '../request-context.ts'
import { versionHistory } from '../versions/version-history.ts'
import { hostInfo } from './host-info.ts'
import { inFlightOf } from './host-wide.ts'
import { assertMayRead } from './open-rows.ts'

const { read, write, list } = endpoints<CoreContext>()

export const hostEndpoints: readonly Row<CoreContext>[] = [
  read('host-info', {
    about: 'Processors, memory, disk and system of the machine.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => ({ data: hostInfo(ctx.clock.now()) }),
  }),
  read('in-flight-req', {
    about: 'The requests that are being served on this host right now.',
    auth: 'none',
    rootOnly: true,
    effects: false,
    envelope: 'none',
    handle: async (ctx) => {
      assertMayRead(ctx, ctx.host.settings.unauthenticatedInFlight)
      return { data: await inFlightOf(ctx.host) }
    },
  }),
  read('ha-status', {
    about: 'The nodes of the cluster: every one is active, this is the one that answers.',
    rootOnly: true,
    effects: false,
    envelope: 'both',
    handle: async (ctx) => ({ data: { nodes: [thisNode(ctx)] } }),
  }),
  write('step-down', {
    about: 'Accepted without effect: there is no leader that could step down.',
    rootOnly: true,
    handle: async () => ({ empty: true }),
  }),
  list('version-history', {
    about: 'The versions that have run on this store, with the time of the first start of each.',
    rootOnly: true,
    effects: false,
    handle: async (ctx) => {
      const versions = await versionHistory(ctx.core.storage)
      const info: Record<string, Data> = {}
      let previous: string | null = null
      for (const { version, atMs } of versions) {
        info[version] = {
          commit_date: '',
          build_date: '',
          previous_version: previous,
          timestamp_installed: new Date(atMs).toISOString(),
        }
        previous = version
      }
      return { data: { keys: Object.keys(info), key_info: info } }
    },
  }),
]

function thisNode(ctx: CoreContext): Data {
  return {
    hostname: hostname(),
    api_address: ctx.host.settings.apiAddr,
    cluster_address: '',
    active_node: true,
    last_echo: null,
    version: VERSION,
  }
}
