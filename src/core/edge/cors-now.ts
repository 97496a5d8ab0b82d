// The CORS settings as of now, for the edge: browsers are answered before a request reaches core.
import type { Host } from '../host.ts'
import { CORE_EPOCH_KEY } from '../keys.ts'
import type { CorsConfig } from './cors-config.ts'

/** null: only pages of this server's own origin may call, or the server is sealed. */
export async function corsNow(host: Host): Promise<CorsConfig | null> {
  const { core } = host
  if (!core) return null
  const snapshot = await core.storage.readRaw([CORE_EPOCH_KEY])
  await core.follow(snapshot.get(CORE_EPOCH_KEY)?.version ?? '')
  return core.cors.current
}
