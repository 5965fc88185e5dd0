import { isJsonObject, isKubeObject, type Json, type JsonObject, type KubeObject, listAt, textAt } from '#schema'

/** What is asked of a webhook: objects of one kind, as another version has them. */
export interface ConversionReview {
  readonly uid: string
  readonly objects: readonly KubeObject[]
  readonly wanted: string
}

/** The message that asks (apiextensions.k8s.io/v1 ConversionReview). */
export function reviewRequest({ uid, objects, wanted }: ConversionReview): JsonObject {
  return { ...REVIEW, request: { uid, desiredAPIVersion: wanted, objects } }
}

/**
 * The objects of an answer, in order, with the metadata they had but for labels and annotations. Throws, in upstream's words
 * (k8s.io/apiextensions-apiserver/pkg/apiserver/conversion), when it is no answer to what was asked.
 */
export function reviewedObjects(review: ConversionReview, answer: Json): readonly KubeObject[] {
  const { objects, uid } = review
  const response = isJsonObject(answer) ? answer['response'] : undefined
  const isReview = textAt(answer, 'apiVersion') === REVIEW.apiVersion && textAt(answer, 'kind') === REVIEW.kind
  if (!isReview) throw new Error(`expected webhook response of ${REVIEW.apiVersion}, Kind=${REVIEW.kind}`)
  if (!isJsonObject(response)) throw new Error('no response provided')
  if (response['uid'] !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`)
  const status = textAt(response, 'result', 'status') ?? ''
  if (status === 'Failure') throw new Error(textAt(response, 'result', 'message') ?? 'the webhook gives no reason')
  if (status !== 'Success')
    throw new Error(`expected response.result.status of Success or Failure, got ${JSON.stringify(status)}`)
  const converted = listAt(response, 'convertedObjects')
  if (converted.length !== objects.length) {
    throw new Error(`returned ${converted.length} objects, expected ${objects.length}`)
  }
  return objects.map((object, index) => checked(review, object, { made: converted[index], index }))
}

function checked(
  { wanted }: ConversionReview,
  object: KubeObject,
  { made, index }: { readonly made: Json | undefined; readonly index: number },
): KubeObject {
  const refuse = (why: string) => new Error(`returned invalid converted object at index ${index}: ${why}`)
  if (!isJsonObject(made)) throw refuse('it is no object')
  const { apiVersion, kind, metadata } = made
  if (apiVersion !== wanted) throw refuse(`invalid groupVersion (expected ${wanted}, received ${shown(apiVersion)})`)
  if (kind !== object.kind) throw refuse(`invalid kind (expected ${object.kind}, received ${shown(kind)})`)
  if (!isJsonObject(metadata)) throw refuse('missing metadata in converted object')
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if ((metadata[field] ?? '') !== (object.metadata[field] ?? '')) {
      throw refuse(`metadata.${field} mismatch: ${shown(metadata[field])} != ${shown(object.metadata[field])}`)
    }
  }
  const { labels: _labels, annotations: _annotations, ...kept } = object.metadata
  const next = {
    ...made,
    metadata: { ...kept, ...words(metadata, 'labels', refuse), ...words(metadata, 'annotations', refuse) },
  }
  if (!isKubeObject(next)) throw refuse('it is no object')
  return next
}

// What a webhook may change of metadata.
function words(metadata: JsonObject, field: 'labels' | 'annotations', refuse: (why: string) => Error): JsonObject {
  const value = metadata[field]
  if (value === undefined || value === null) return {}
  if (isJsonObject(value) && Object.values(value).every(each => typeof each === 'string')) return { [field]: value }
  throw refuse(`metadata.${field} are not texts by name`)
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}

const REVIEW = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' } as const
