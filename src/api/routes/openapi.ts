import { apiFault } from '../faults.ts'
import { hashedUrl, type OpenapiDocuments, type SwaggerForm } from '../openapi/documents.ts'
import { type Packed, unpack } from '../openapi/pack.ts'
import { json } from '../answers/answer.ts'

/**
 * Answers `/openapi/v2`, `/openapi/v3` and what lies below it. Faults: NotFound; NotAcceptable for a client that takes
 * neither JSON nor, of version 2, protobuf.
 */
export async function answerOpenapi(documents: OpenapiDocuments, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const accept = request.headers.get('accept') ?? ''
  if (pathname === '/openapi/v2') {
    const type = acceptedType(accept, SWAGGER_TYPES)
    const form = SWAGGER_TYPES[type] ?? 'json'
    return answerPacked(request, await documents.version2(form), contentTypeOf(form))
  }
  acceptedType(accept, OPENAPI_TYPES)
  if (pathname === '/openapi/v3') return json(200, await documents.root())
  const path = /^\/openapi\/v3\/(.+)$/.exec(pathname)?.[1] ?? ''
  const packed = await documents.version3(path)
  if (packed === undefined) throw apiFault('NotFound', 'the server could not find the requested resource')
  const asked = searchParams.get('hash')
  if (asked === null) return answerPacked(request, packed, contentTypeOf('json'))
  if (asked !== packed.hash) return new Response(null, { status: 301, headers: { location: hashedUrl(path, packed) } })
  const response = await answerPacked(request, packed, contentTypeOf('json'))
  response.headers.set('cache-control', `public, immutable, max-age=${KEPT_SECONDS}`)
  return response
}

// A URL that names its contents is good for a year, the most that RFC 2616, section 14.21, knows.
const KEPT_SECONDS = 31_536_000

// The first is what clients of before 1.27 ask for, though `@` may not be in a media type; they take the other as well.
const SWAGGER_TYPES: Readonly<Record<string, SwaggerForm>> = {
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf': 'protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf': 'protobuf',
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
}

// No client asks for version 3 in protobuf alone.
const OPENAPI_TYPES: Readonly<Record<string, SwaggerForm>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
}

function contentTypeOf(form: SwaggerForm): string {
  return form === 'json' ? 'application/json' : 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
}

function acceptedType(accept: string, types: Readonly<Record<string, SwaggerForm>>): string {
  const wanted = accept === '' ? ['*/*'] : accept.split(',').map(part => part.split(';')[0]?.trim().toLowerCase() ?? '')
  const found = wanted.find(type => Object.hasOwn(types, type))
  if (found !== undefined) return found
  throw apiFault('NotAcceptable', `only ${Object.keys(types).join(', ')} are served, not ${accept.slice(0, 200)}`)
}

async function answerPacked(request: Request, packed: Packed, type: string): Promise<Response> {
  const tag = `"${packed.hash}"`
  const headers = { etag: tag, vary: 'accept, accept-encoding', 'cache-control': 'no-cache, private' }
  const known = (request.headers.get('if-none-match') ?? '').split(',').map(each => each.trim().replace(/^W\//, ''))
  if (known.includes(tag) || known.includes('*')) return new Response(null, { status: 304, headers })
  const typed = { ...headers, 'content-type': type }
  const takesGzip = (request.headers.get('accept-encoding') ?? '').split(',').some(each => GZIP.test(each.trim()))
  if (!takesGzip) return new Response(await unpack(packed), { headers: typed })
  return new Response(packed.gzip, { headers: { ...typed, 'content-encoding': 'gzip' } })
}

// Not with a weight of nothing.
const GZIP = /^gzip(?:\s*;\s*q=(?!0(?:\.0*)?$).*)?$/i
