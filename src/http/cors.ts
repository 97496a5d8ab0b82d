// Answers browsers that ask from pages of another origin (the Fetch standard's CORS protocol). Requests
// without an Origin header, all but those of browsers, cost one look at the headers.
import { ApiError, internal } from '../base/errors.ts'
import { allowsOrigin, type CorsConfig } from '../core/edge/cors-config.ts'
import { errorReply, type HttpHandler, type HttpReply, type HttpRequest } from './exchange.ts'

const METHODS = ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'LIST', 'SCAN']
/** Seconds that a browser may remember the answer to its question. */
const MAX_AGE = '300'

const REFUSED = errorReply(new ApiError(403, ['origin not allowed']))
const NO_METHOD = errorReply(new ApiError(405, []))

/** `configOf` is asked for each request with an Origin; null: CORS is off and browsers decide alone. */
export function withCors(
  handler: HttpHandler,
  configOf: () => Promise<CorsConfig | null>,
): HttpHandler {
  return (request) => {
    const origin = request.header('origin')
    return origin === undefined ? handler(request) : answer(request, origin, handler, configOf)
  }
}

async function answer(
  request: HttpRequest,
  origin: string,
  handler: HttpHandler,
  configOf: () => Promise<CorsConfig | null>,
): Promise<HttpReply> {
  let config: CorsConfig | null
  try {
    config = await configOf()
  } catch (error) {
    return errorReply(error instanceof ApiError ? error : internal('internal error'))
  }
  if (!config) return handler(request)
  if (!allowsOrigin(config, origin)) return REFUSED
  const headers = originHeaders(config, origin)
  if (request.method !== 'OPTIONS') {
    const reply = await handler(request)
    return { ...reply, headers: [...reply.headers, ...headers] }
  }
  const asked = request.header('access-control-request-method') ?? ''
  if (!METHODS.includes(asked)) return NO_METHOD
  return {
    status: 204,
    headers: [
      ...headers,
      ...['Access-Control-Allow-Methods', METHODS.join(',')],
      ...['Access-Control-Allow-Headers', config.allowedHeaders.join(',')],
      ...['Access-Control-Max-Age', MAX_AGE],
    ],
    body: null,
  }
}

function originHeaders(config: CorsConfig, origin: string): string[] {
  const isAny = config.allowedOrigins[0] === '*'
  const headers = ['Access-Control-Allow-Origin', isAny ? '*' : origin, 'Vary', 'Origin']
  if (config.allowCredentials) headers.push('Access-Control-Allow-Credentials', 'true')
  return headers
}
