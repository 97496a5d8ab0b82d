// What listeners hand requests to: /v1/ goes to core; the rest of the server's paths are answered here.
import type { ApiError } from '../base/errors.ts'
import type { Host } from '../core/host.ts'
import { handleRequest } from '../core/request.ts'
import { ApiRequest } from './api-request.ts'
import type { HttpHandler, HttpReply, RefusalHandler } from './exchange.ts'

const NOT_FOUND: HttpReply = {
  status: 404,
  headers: ['Content-Type', 'application/json'],
  body: '{"errors":[]}\n',
}

export function apiHandler(host: Host): { handler: HttpHandler; refused: RefusalHandler } {
  return {
    handler: (request) => {
      if (!request.path.startsWith('/v1/')) return Promise.resolve(NOT_FOUND)
      return handleRequest(host, new ApiRequest(request, null))
    },
    refused: (request, error: ApiError) => handleRequest(host, new ApiRequest(request, error)),
  }
}
