/** What a strategic merge patch does with an object, where that is not merging (patchStrategy in k8s.io/api). */
export type PatchStrategy = 'replace' | 'retainKeys'

/** The strategy of a field of a shape, or of the items of the list it holds; undefined where they are merged. */
export function patchStrategy(shape: string, field: string): PatchStrategy | undefined {
  return STRATEGIES.get(`${shape}.${field}`)
}

const STRATEGIES: ReadonlyMap<string, PatchStrategy> = new Map([
  ['DeploymentSpec.strategy', 'retainKeys'],
  ['PodDisruptionBudgetSpec.selector', 'replace'],
  ['PodSpec.resourceClaims', 'retainKeys'],
  ['PodSpec.volumes', 'retainKeys'],
  ['PodStatus.resourceClaimStatuses', 'retainKeys'],
])
