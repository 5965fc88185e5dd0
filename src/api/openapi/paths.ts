import type { JsonObject } from '#schema'
import { type Dialect, reference } from './dialect.ts'
import { PATCH_DEFINITION } from './names.ts'
import { pathParameter, queryParameter } from './parameters.ts'
import type { Operation, Route } from './routes.ts'

/** A path as documents describe it (spec.openapis.org/oas/v3.0.3, "Path Item Object"). */
export function pathItem(dialect: Dialect, { path, operations }: Route): JsonObject {
  const names = (['name', 'namespace'] as const).filter(name => path.includes(`{${name}}`))
  const written = Object.entries(operations).map(
    ([method, operation]) => [method, WRITERS[dialect](operation)] as const,
  )
  return {
    ...Object.fromEntries(written),
    parameters: [...names.map(name => pathParameter(dialect, name)), queryParameter(dialect, 'pretty')],
  }
}

const WRITERS: Readonly<Record<Dialect, (operation: Operation) => JsonObject>> = { v2: swagger, v3: openapi }

function openapi(operation: Operation): JsonObject {
  const { query, body, answers } = operation
  const media = (types: readonly string[], definition: string) =>
    Object.fromEntries(types.map(type => [type, { schema: reference('v3', definition) }]))
  return {
    tags: [operation.tag],
    operationId: operation.id,
    parameters: query.map(name => queryParameter('v3', name)),
    ...(body === undefined
      ? {}
      : {
          requestBody: { content: media(takes(operation), body), ...(isNeeded(operation) ? { required: true } : {}) },
        }),
    responses: {
      ...each(answers, (code, name) => ({
        description: ANSWERS[code] ?? 'OK',
        content: media(gives(operation), name),
      })),
      401: { description: 'Unauthorized' },
    },
    ...extensions(operation),
  }
}

function swagger(operation: Operation): JsonObject {
  const { query, body, answers } = operation
  const required = isNeeded(operation) ? { required: true } : {}
  return {
    tags: [operation.tag],
    operationId: operation.id,
    consumes: takes(operation),
    produces: gives(operation),
    schemes: ['https'],
    parameters: [
      ...query.map(name => queryParameter('v2', name)),
      ...(body === undefined ? [] : [{ name: 'body', in: 'body', ...required, schema: reference('v2', body) }]),
    ],
    responses: {
      ...each(answers, (code, name) => ({ description: ANSWERS[code] ?? 'OK', schema: reference('v2', name) })),
      401: { description: 'Unauthorized' },
    },
    ...extensions(operation),
  }
}

function extensions({ action, kind }: Operation): JsonObject {
  return {
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(kind === undefined ? {} : { 'x-kubernetes-group-version-kind': kind }),
  }
}

// DeleteOptions may be left out.
function isNeeded({ action }: Operation): boolean {
  return action === 'post' || action === 'put' || action === 'patch'
}

// By these kubectl knows which patch it may send.
function takes({ body, isCustom }: Operation): readonly string[] {
  if (body !== PATCH_DEFINITION) return ['*/*']
  return isCustom ? PATCHES.filter(type => type !== STRATEGIC) : PATCHES
}

function gives({ action }: Operation): readonly string[] {
  const isStream = action === 'list' || action === 'watch' || action === 'watchlist'
  return isStream ? ['application/json', 'application/json;stream=watch'] : ['application/json']
}

function each(answers: Operation['answers'], write: (code: number, definition: string) => JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(answers).map(([code, name]) => [code, write(Number(code), name)]))
}

const ANSWERS: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

const STRATEGIC = 'application/strategic-merge-patch+json'
const PATCHES: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  STRATEGIC,
  'application/apply-patch+yaml',
]
