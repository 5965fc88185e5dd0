import { apiFault } from '../faults.ts'

/** How objects are to be shown. */
export type Form = 'object' | 'table' | 'partial'

/**
 * What a client accepts, by its Accept header: the first form in it that there is. Clients that only take protobuf are
 * refused. Faults: NotAcceptable.
 */
export function formOf(accept: string): Form {
  const wanted = accept === '' ? ['*/*'] : accept.split(',').map(part => part.trim())
  for (const part of wanted) {
    const [type = '', ...parameters] = part.split(';').map(word => word.trim())
    if (!['application/json', '*/*', 'application/*'].includes(type.toLowerCase())) continue
    const as = parameters.find(word => word.startsWith('as='))?.slice(3)
    const version = parameters.find(word => word.startsWith('v='))?.slice(2)
    if (as === undefined) return 'object'
    if (version !== undefined && version !== 'v1') continue
    if (as === 'Table') return 'table'
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'partial'
  }
  throw apiFault(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io, application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  )
}
