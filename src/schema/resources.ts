import { deployment } from './kinds/apps/deployment.ts'
import { configMap } from './kinds/core/config-map.ts'
import { namespace } from './kinds/core/namespace.ts'
import { pod } from './kinds/core/pod.ts'
import { clusterRole, clusterRoleBinding, role, roleBinding } from './kinds/rbac/roles.ts'
import type { Resource } from './resource.ts'

/** Every kind that is served without being installed first. */
export const RESOURCES: readonly Resource[] = [
  configMap,
  namespace,
  pod,
  deployment,
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
]
