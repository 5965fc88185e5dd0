import { customResourceDefinition } from './kinds/apiextensions/custom-resource-definition.ts'
import { controllerRevision } from './kinds/apps/controller-revision.ts'
import { daemonSet } from './kinds/apps/daemon-set.ts'
import { deployment } from './kinds/apps/deployment.ts'
import { replicaSet } from './kinds/apps/replica-set.ts'
import { statefulSet } from './kinds/apps/stateful-set.ts'
import { selfSubjectReview, tokenReview } from './kinds/authentication/reviews.ts'
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
} from './kinds/authorization/reviews.ts'
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from './kinds/autoscaling/horizontal-pod-autoscaler.ts'
import { cronJob } from './kinds/batch/cron-job.ts'
import { job } from './kinds/batch/job.ts'
import { disk } from './kinds/cairn/disk.ts'
import { filesystem } from './kinds/cairn/filesystem.ts'
import { pool } from './kinds/cairn/pool.ts'
import { user } from './kinds/cairn/user.ts'
import { certificateSigningRequest } from './kinds/certificates/signing-request.ts'
import { lease } from './kinds/coordination/lease.ts'
import { binding } from './kinds/core/binding.ts'
import { configMap } from './kinds/core/config-map.ts'
import { endpoints } from './kinds/core/endpoints.ts'
import { event as coreEvent } from './kinds/core/event.ts'
import { limitRange } from './kinds/core/limit-range.ts'
import { namespace } from './kinds/core/namespace.ts'
import { node } from './kinds/core/node.ts'
import { persistentVolume } from './kinds/core/persistent-volume.ts'
import { persistentVolumeClaim } from './kinds/core/persistent-volume-claim.ts'
import { pod } from './kinds/core/pod.ts'
import { podTemplate } from './kinds/core/pod-template.ts'
import { replicationController } from './kinds/core/replication-controller.ts'
import { resourceQuota } from './kinds/core/resource-quota.ts'
import { secret } from './kinds/core/secret.ts'
import { service } from './kinds/core/service.ts'
import { serviceAccount } from './kinds/core/service-account.ts'
import { endpointSlice } from './kinds/discovery/endpoint-slice.ts'
import { event } from './kinds/events/event.ts'
import { bundle } from './kinds/nanocloud/bundle.ts'
import { certificate } from './kinds/nanocloud/certificate.ts'
import { device } from './kinds/nanocloud/device.ts'
import { ipAddress, serviceCidr } from './kinds/networking/addresses.ts'
import { ingress } from './kinds/networking/ingress.ts'
import { ingressClass } from './kinds/networking/ingress-class.ts'
import { networkPolicy } from './kinds/networking/network-policy.ts'
import { runtimeClass } from './kinds/node/runtime-class.ts'
import { podDisruptionBudget } from './kinds/policy/pod-disruption-budget.ts'
import { clusterRole, clusterRoleBinding, role, roleBinding } from './kinds/rbac/roles.ts'
import { priorityClass } from './kinds/scheduling/priority-class.ts'
import { volumeSnapshot, volumeSnapshotClass, volumeSnapshotContent } from './kinds/snapshot/snapshots.ts'
import { csiDriver, csiNode, csiStorageCapacity, volumeAttachment } from './kinds/storage/csi.ts'
import { storageClass } from './kinds/storage/storage-class.ts'
import type { Resource } from './resource.ts'

/** Every kind that is served without being installed first. */
export const RESOURCES: readonly Resource[] = [
  customResourceDefinition,
  binding,
  configMap,
  endpoints,
  coreEvent,
  limitRange,
  namespace,
  node,
  persistentVolume,
  persistentVolumeClaim,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  service,
  serviceAccount,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  cronJob,
  job,
  certificateSigningRequest,
  lease,
  endpointSlice,
  event,
  ingress,
  ingressClass,
  ipAddress,
  networkPolicy,
  serviceCidr,
  runtimeClass,
  podDisruptionBudget,
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
  priorityClass,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeSnapshot,
  volumeSnapshotClass,
  volumeSnapshotContent,
  disk,
  filesystem,
  pool,
  user,
  bundle,
  certificate,
  device,
]
