// What listeners hand requests to: /v1/ goes to core; the rest of the server's paths are answered here.
import { type ApiError, preconditionFailed } from '../base/errors.ts'
import type { CorsConfig } from '../core/edge/cors-config.ts'
import { corsNow } from '../core/edge/cors-now.ts'
import type { Host } from '../core/host.ts'
import { handleRequest } from '../core/request.ts'
import { ApiRequest } from './api-request.ts'
import { withCors } from './cors.ts'
import type { HttpHandler, HttpReply, RefusalHandler } from './exchange.ts'
import { type HeadersByStatus, ResponseHeaders } from './response-headers.ts'

const NOT_FOUND: HttpReply = {
  status: 404,
  headers: ['Content-Type', 'application/json'],
  body: '{"errors":[]}\n',
}

const METRICS_PATH = '/v1/sys/metrics'
const UNMARKED = preconditionFailed("missing 'X-Vault-Request' header")

/** What a listener's block settles for its replies. */
export interface ApiHandlerOptions {
  /** The listener's own CORS settings, which win over those kept in the store; null: it has none. */
  readonly cors: CorsConfig | null
  readonly responseHeaders: HeadersByStatus
  /** Requests must carry `X-Vault-Request: true`, which a browser can't be made to send. */
  readonly requiresRequestHeader?: boolean
  /** 'only': the listener serves sys/metrics alone; 'none': all but that. */
  readonly metrics?: 'only' | 'none' | undefined
}

const DEFAULTS: ApiHandlerOptions = { cors: null, responseHeaders: new Map() }

export function apiHandler(
  host: Host,
  { cors, responseHeaders, requiresRequestHeader, metrics }: ApiHandlerOptions = DEFAULTS,
): { handler: HttpHandler; refused: RefusalHandler } {
  const added = new ResponseHeaders(responseHeaders)
  const serve: HttpHandler = (request) => {
    if (!request.path.startsWith('/v1/')) return Promise.resolve(NOT_FOUND)
    const isMetrics = request.path === METRICS_PATH
    if (metrics !== undefined && isMetrics !== (metrics === 'only'))
      return Promise.resolve(NOT_FOUND)
    const isUnmarked =
      requiresRequestHeader === true && request.header('x-vault-request') !== 'true'
    return handleRequest(host, new ApiRequest(request, isUnmarked ? UNMARKED : null))
  }
  const configOf = (): Promise<CorsConfig | null> => (cors ? Promise.resolve(cors) : corsNow(host))
  return {
    handler: added.wrap(withCors(serve, configOf)),
    refused: async (request, error: ApiError) =>
      added.apply(await handleRequest(host, new ApiRequest(request, error))),
  }
}
