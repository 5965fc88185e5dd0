export { isIPv4, isIPv6 } from './addresses.ts'
export type { Claim, ClaimPool, Claims } from './claims.ts'
export { ageOf, humanDuration } from './columns.ts'
export type { ConversionWebhook } from './custom/conversion.ts'
export {
  CLEANUP_FINALIZER,
  conditionOf,
  type DefinedNames,
  isTrue,
  namesIn,
} from './custom/definition.ts'
export { compileDefinition } from './custom/compile.ts'
export { customResources } from './custom/resources.ts'
export { below, type Decoded, decode } from './decode.ts'
export { withoutEmpty } from './empty.ts'
export { countsGenerations } from './facts/generations.ts'
export { type ListFacts, listFacts, mergeKeyOf } from './facts/lists.ts'
export { type PatchStrategy, patchStrategy } from './facts/patches.ts'
export { schemaFault } from './faults.ts'
export {
  duplicate,
  type FieldError,
  type FieldReason,
  forbidden,
  invalid,
  notSupported,
  required,
} from './field-error.ts'
export { type Applied, applyFields, applyingFields, type FieldApply, type FieldConflict } from './fields/apply.ts'
export { managerText } from './fields/managers.ts'
export { pathText } from './fields/path.ts'
export { applyProblems } from './fields/problems.ts'
export { type FieldManager, notingUpdate } from './fields/update.ts'
export {
  isJsonObject,
  isSameJson,
  type Json,
  type JsonObject,
  jsonAt,
  listAt,
  numberAt,
  putField,
  textAt,
  wordOf,
} from './json.ts'
export { metaErrors } from './meta.ts'
export { labelProblem, labelValueProblem, qualifiedNameProblem, segmentProblem, subdomainProblem } from './names.ts'
export { apiVersionOf, isKubeObject, type KubeObject, type ObjectMeta, type OwnerReference } from './object.ts'
export { openProtobuf, type ProtobufBody, protobufToJson } from './protobuf.ts'
export {
  ALL_VERBS,
  type Author,
  type Column,
  type CustomFacts,
  type Resource,
  type ResourceVerb,
  type ScalePaths,
  type StoredForm,
  type Subresource,
} from './resource.ts'
export { bytesText } from './kinds/cairn/amounts.ts'
export { DEFAULT_POOL, ONE_POOL } from './kinds/cairn/default-pool.ts'
export { DELETE_FILES, deletesFiles, mayDeleteFiles } from './kinds/cairn/delete-files.ts'
export { DRAINING_TAINT, drainedSpec, isDraining, MACHINE_FINALIZER, ZONE_LABEL } from './kinds/core/node-marks.ts'
export { canonicalQuantity, compareQuantities, type Quantity, quantityOf } from './quantity.ts'
export { RESOURCES } from './resources.ts'
export type { CustomReading, ListShape, MapShape, ObjectShape, ScalarKind, Shape } from './shape.ts'
export { definitionName, type KindName, kindShape, KUBERNETES_VERSION, kubernetesShape } from './shapes/read.ts'
