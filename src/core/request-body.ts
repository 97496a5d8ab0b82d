// Turns a request's bytes into the data of its row. JSON is recognised by its first byte whatever the
// Content-Type says (what clients rely on); reads, lists and deletes take their data from the query.
import { badRequest, tooLarge, unsupportedMediaType } from '../base/errors.ts'
import { isJsonObject, type Json, type JsonObject, parseJson, setOwn } from '../base/json.ts'
import type { RequestContext } from '../sdk/context.ts'
import type { Operation, Row } from '../sdk/endpoints.ts'
import type { CoreRequest } from './core-request.ts'

const NO_DATA: JsonObject = {}

export function readBody(
  request: CoreRequest,
  row: Row<RequestContext> | null,
  operation: Operation,
): Json | Buffer {
  if (operation !== 'write' && operation !== 'patch') return request.query
  const { body } = request
  if (row?.maxBodyBytes !== undefined && body.length > row.maxBodyBytes) {
    throw tooLarge(`request body is larger than the ${row.maxBodyBytes} bytes taken here`)
  }
  if (row?.body === 'bytes') return body
  if (operation === 'patch' && mediaType(request) !== 'application/merge-patch+json') {
    throw unsupportedMediaType('PATCH requires the Content-Type "application/merge-patch+json"')
  }
  if (body.length === 0) return NO_DATA
  const isJson = /^[\s]*[{[]/.test(body.toString('latin1', 0, 64))
  if (!isJson && mediaType(request) === 'application/x-www-form-urlencoded') return readForm(body)
  const value = parseJson(decodeUtf8(body))
  // Go's clients write a map that they don't have as null.
  if (value === null) return NO_DATA
  if (!isJsonObject(value)) throw badRequest('failed to parse JSON input: expected an object')
  return value
}

function mediaType(request: CoreRequest): string {
  const semicolon = request.contentType.indexOf(';')
  const type = semicolon < 0 ? request.contentType : request.contentType.slice(0, semicolon)
  return type.trim().toLowerCase()
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function decodeUtf8(body: Buffer): string {
  // What the lenient decoder replaced would be stored as another value than was sent.
  const text = body.toString('utf8')
  if (!text.includes('\ufffd')) return text
  try {
    return strictUtf8.decode(body)
  } catch {
    throw badRequest('failed to parse JSON input: body is not valid UTF-8')
  }
}

function readForm(body: Buffer): JsonObject {
  const data: Record<string, Json> = {}
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    const before = Object.hasOwn(data, name) ? data[name] : undefined
    if (before === undefined) setOwn(data, name, value)
    else setOwn(data, name, Array.isArray(before) ? [...before, value] : [before, value])
  }
  return data
}
