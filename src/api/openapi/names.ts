import { definitionName, kindShape, kubernetesShape, type ObjectShape, type Resource } from '#schema'
import type { ServedSubresource } from '../routes/subresources.ts'

/** The name of a resource's definition: `io.k8s.api.core.v1.Pod`, or `com.example.v1.Tea` for a kind of example.com. */
export function resourceDefinition({ shape, group, version, kind }: Resource): string {
  return definitionName(shape) ?? [...group.split('.').reverse(), version, kind].join('.')
}

/** The shape of what a subresource takes and answers; undefined where that is no object, as with logs. */
export function partShape(resource: Resource, part: ServedSubresource): ObjectShape | undefined {
  const isOwn = part.group === resource.group && part.version === resource.version && part.kind === resource.kind
  return isOwn ? resource.shape : kindShape(part)
}

/** The name of that shape's definition. */
export function partDefinition(resource: Resource, part: ServedSubresource): string | undefined {
  const shape = partShape(resource, part)
  return shape === resource.shape ? resourceDefinition(resource) : shape && definitionName(shape)
}

/** The name of the definition of a list of a resource's objects. */
export function listDefinition(resource: Resource): string {
  return `${resourceDefinition(resource)}List`
}

/** The name of the definition of a kind of Kubernetes that has a shape but may not be served by itself, such as Status. */
export function kubernetesDefinition(shape: string): string {
  return definitionName(kubernetesShape(shape)) ?? shape
}

/** Group and version as operations are named by them: `CoreV1`, `RbacAuthorizationV1`. */
export function operationScope(group: string, version: string): string {
  const words = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split(/[.-]/)
  return [...words, version].map(word => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('')
}

/** Group and version as operations are gathered by them: `core_v1`, `rbacAuthorization_v1`. */
export function operationTag(group: string, version: string): string {
  const scope = operationScope(group, '')
  return `${scope.charAt(0).toLowerCase()}${scope.slice(1)}_${version}`
}

/** What a patch is: any of its three types, told by the media type. */
export const PATCH_DEFINITION = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'
/** A line of a watch. */
export const WATCH_EVENT_DEFINITION = 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent'
/** The definition of `/version`. */
export const VERSION_DEFINITION = 'io.k8s.apimachinery.pkg.version.Info'
