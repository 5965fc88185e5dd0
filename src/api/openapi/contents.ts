import { kubernetesShape, type Resource } from '#schema'
import { type Definition, definitionsOf, referred } from './definitions.ts'
import type { Dialect } from './dialect.ts'
import { kubernetesDefinition, operationScope, operationTag, VERSION_DEFINITION } from './names.ts'
import { type Route, routesOf } from './routes.ts'

/** What a document describes, made as it is read. */
export interface Contents {
  readonly routes: () => Iterable<Route>
  readonly definitions: (dialect: Dialect) => Iterable<Definition>
}

/** The resources of one version of one group: the document `api/v1` or `apis/GROUP/VERSION`. */
export function versionContents(resources: readonly Resource[]): Contents {
  return {
    *routes() {
      const [first] = resources
      if (first !== undefined) yield versionRoute(first)
      for (const resource of resources) yield* routesOf(resource)
    },
    definitions: dialect => definitionsOf(dialect, resources),
  }
}

/** One of the paths by which clients find out what there is; undefined for another path. */
export function discoveryContents(path: string): Contents | undefined {
  const route = discoveryRoute(path)
  if (route === undefined) return undefined
  const isVersion = path === 'version'
  return {
    routes: () => [route],
    definitions: dialect =>
      referred(
        dialect,
        {
          shapes: new Set(isVersion ? [] : DISCOVERY_SHAPES),
          wellKnown: new Set(isVersion ? [VERSION_DEFINITION] : []),
        },
        new Map(),
      ),
  }
}

/** Everything there is, as the one document of Swagger 2.0 has it. */
export function allContents(resources: readonly Resource[]): Contents {
  const groups = new Set(resources.flatMap(({ group }) => (group === '' ? [] : [group])))
  const versions = new Map(resources.map(resource => [`${resource.group}/${resource.version}`, resource]))
  return {
    *routes() {
      for (const path of ['api', 'apis', ...Array.from(groups, group => `apis/${group}`), 'version']) {
        yield* discoveryContents(path)?.routes() ?? []
      }
      for (const resource of versions.values()) yield versionRoute(resource)
      for (const resource of resources) yield* routesOf(resource)
    },
    *definitions(dialect) {
      yield* definitionsOf(dialect, resources, { shapes: DISCOVERY_SHAPES, wellKnown: [VERSION_DEFINITION] })
    },
  }
}

const DISCOVERY_SHAPES = ['V1APIVersions', 'V1APIGroupList'].map(kubernetesShape)

function versionRoute({ group, version }: Resource): Route {
  const path = group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`
  const id = `get${operationScope(group, version)}APIResources`
  return simpleRoute(path, { id, tag: operationTag(group, version), answer: kubernetesDefinition('V1APIResourceList') })
}

function discoveryRoute(path: string): Route | undefined {
  const [root, group, version] = path.split('/')
  if (path === 'version')
    return simpleRoute('/version/', { id: 'getCodeVersion', tag: 'version', answer: VERSION_DEFINITION })
  if (path === 'api') {
    const answer = kubernetesDefinition('V1APIVersions')
    return simpleRoute('/api/', { id: 'getCoreAPIVersions', tag: 'core', answer })
  }
  if (path === 'apis') {
    const answer = kubernetesDefinition('V1APIGroupList')
    return simpleRoute('/apis/', { id: 'getAPIVersions', tag: 'apis', answer })
  }
  if (root !== 'apis' || group === undefined || version !== undefined) return undefined
  const scope = operationScope(group, '')
  const tag = `${scope.charAt(0).toLowerCase()}${scope.slice(1)}`
  return simpleRoute(`/apis/${group}/`, { id: `get${scope}APIGroup`, tag, answer: kubernetesDefinition('V1APIGroup') })
}

function simpleRoute(
  path: string,
  { id, tag, answer }: { readonly id: string; readonly tag: string; readonly answer: string },
): Route {
  const operation = {
    id,
    tag,
    action: undefined,
    kind: undefined,
    isCustom: false,
    query: [],
    body: undefined,
    answers: { 200: answer },
  }
  return { path, operations: { get: operation } }
}
