import type { Resource, ResourceVerb } from '#schema'
import { type ServedSubresource, subresourcesOf } from '../routes/subresources.ts'
import type { GroupVersionKind } from './dialect.ts'
import {
  kubernetesDefinition,
  listDefinition,
  operationScope,
  operationTag,
  partDefinition,
  PATCH_DEFINITION,
  resourceDefinition,
  WATCH_EVENT_DEFINITION,
} from './names.ts'
import { DELETING, LISTING, PATCHING, type QueryName, WRITING } from './parameters.ts'

/** What can be done at one path. */
export interface Route {
  readonly path: string
  readonly operations: Readonly<Partial<Record<'delete' | 'get' | 'patch' | 'post' | 'put', Operation>>>
}

/** One thing that can be done, by the names of the definitions it takes and answers. */
export interface Operation {
  readonly id: string
  readonly tag: string
  /** As x-kubernetes-action has it; undefined for what no kind stands behind. */
  readonly action: string | undefined
  readonly kind: GroupVersionKind | undefined
  /** Of a kind that people have defined. */
  readonly isCustom: boolean
  readonly query: readonly QueryName[]
  readonly body: string | undefined
  readonly answers: Readonly<Record<number, string>>
}

/** Every path of a resource, as Kubernetes names them and what is done there. */
export function routesOf(resource: Resource): readonly Route[] {
  const { isNamespaced, group, version, plural, kind } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const inside = isNamespaced ? '/namespaces/{namespace}' : ''
  const home = isNamespaced ? `Namespaced${kind}` : kind
  const routes = [
    collection(resource, `${root}${inside}/${plural}`, home),
    object(resource, `${root}${inside}/${plural}/{name}`, home),
    ...subresourcesOf(resource).map(part => below(resource, part, { path: `${root}${inside}/${plural}/{name}`, home })),
    ...(isNamespaced ? [everywhere(resource, `${root}/${plural}`)] : []),
    ...(resource.verbs.includes('watch') ? watches(resource, root, { inside, home }) : []),
  ]
  return routes.filter(({ operations }) => Object.keys(operations).length > 0)
}

function collection(resource: Resource, path: string, home: string): Route {
  const own = resourceDefinition(resource)
  const made = { body: own, answers: { 200: own, 201: own, 202: own } }
  const deletion = { body: kubernetesDefinition('V1DeleteOptions'), answers: { 200: kubernetesDefinition('V1Status') } }
  return {
    path,
    operations: {
      ...when(resource, 'list', { get: listing(resource, home) }),
      ...when(resource, 'create', { post: operation(resource, ['create', home, 'post'], { query: WRITING, ...made }) }),
      ...when(resource, 'deletecollection', {
        delete: operation(resource, ['delete', `Collection${home}`, 'deletecollection'], {
          query: [...new Set([...DELETING, ...LISTING])].filter(name => !WATCHING.has(name)).sort(),
          ...deletion,
        }),
      }),
    },
  }
}

function object(resource: Resource, path: string, home: string): Route {
  const own = resourceDefinition(resource)
  const status = kubernetesDefinition('V1Status')
  const deletion = { body: kubernetesDefinition('V1DeleteOptions'), answers: { 200: status, 202: status } }
  return {
    path,
    operations: {
      ...readingAndWriting({ resource, verbs: resource.verbs }, home, own),
      ...when(resource, 'delete', {
        delete: operation(resource, ['delete', home, 'delete'], { query: DELETING, ...deletion }),
      }),
    },
  }
}

function below(
  resource: Resource,
  part: ServedSubresource,
  at: { readonly path: string; readonly home: string },
): Route {
  const { group, version, kind, name } = part
  const definition = partDefinition(resource, part)
  const home = `${at.home}${name.charAt(0).toUpperCase()}${name.slice(1)}`
  const path = `${at.path}/${name}`
  if (definition === undefined) return { path, operations: {} }
  const made = { query: WRITING, body: definition, answers: { 200: definition, 201: definition } }
  return {
    path,
    operations: {
      ...readingAndWriting({ resource, verbs: part.verbs }, home, definition, { group, version, kind }),
      ...when(part, 'create', {
        post: operation(resource, ['create', home, 'post'], { ...made, kind: { group, version, kind } }),
      }),
    },
  }
}

function readingAndWriting(
  { resource, verbs }: { readonly resource: Resource; readonly verbs: readonly ResourceVerb[] },
  home: string,
  definition: string,
  kind?: GroupVersionKind,
) {
  const both = { 200: definition, 201: definition }
  const one = { kind, query: [], body: undefined, answers: { 200: definition } }
  return {
    ...when({ verbs }, 'get', { get: operation(resource, ['read', home, 'get'], one) }),
    ...when({ verbs }, 'update', {
      put: operation(resource, ['replace', home, 'put'], { kind, query: WRITING, body: definition, answers: both }),
    }),
    ...when({ verbs }, 'patch', {
      patch: operation(resource, ['patch', home, 'patch'], {
        kind,
        query: PATCHING,
        body: PATCH_DEFINITION,
        answers: both,
      }),
    }),
  }
}

function everywhere(resource: Resource, path: string): Route {
  const operations = when(resource, 'list', { get: listing(resource, `${resource.kind}ForAllNamespaces`) })
  return { path, operations }
}

function listing(resource: Resource, home: string): Operation {
  const answers = { 200: listDefinition(resource) }
  return operation(resource, ['list', home, 'list'], { query: LISTING, body: undefined, answers })
}

// The old form of watching. The new one is a list with `watch`.
function watches(resource: Resource, root: string, at: { readonly inside: string; readonly home: string }): Route[] {
  const { plural, kind, isNamespaced } = resource
  const answers = { 200: WATCH_EVENT_DEFINITION }
  const watch = (path: string, name: string, action: string): Route => ({
    path: `${root}/watch${path}`,
    operations: { get: operation(resource, ['watch', name, action], { query: LISTING, body: undefined, answers }) },
  })
  return [
    ...(isNamespaced ? [watch(`/${plural}`, `${kind}ListForAllNamespaces`, 'watchlist')] : []),
    watch(`${at.inside}/${plural}`, `${at.home}List`, 'watchlist'),
    watch(`${at.inside}/${plural}/{name}`, at.home, 'watch'),
  ]
}

const WATCHING: ReadonlySet<QueryName> = new Set(['allowWatchBookmarks', 'watch'])

function operation(
  { group, version, kind, custom }: Resource,
  [verb, home, action]: readonly [verb: string, home: string, action: string],
  rest: Pick<Operation, 'answers' | 'body' | 'query'> & { readonly kind?: GroupVersionKind | undefined },
): Operation {
  return {
    id: `${verb}${operationScope(group, version)}${home}`,
    tag: operationTag(group, version),
    action,
    isCustom: custom !== undefined,
    ...rest,
    kind: rest.kind ?? { group, version, kind },
  }
}

function when<T extends object>(
  { verbs }: { readonly verbs: readonly ResourceVerb[] },
  verb: ResourceVerb,
  operations: T,
): T | Record<never, never> {
  return verbs.includes(verb) ? operations : {}
}
