import { apiFault } from '../faults.ts'

/** How objects are to be shown. */
export type Form = 'object' | 'table' | 'partial'

/** How answers are written. */
export type Encoding = 'json' | 'yaml'

/** What a client accepts of what there is. */
export interface Accepted {
  readonly form: Form
  readonly encoding: Encoding
}

/**
 * What a client likes best of what there is, by its Accept header (RFC 9110, section 12.5.1): of what it likes as much, the
 * first. Clients that only take protobuf are refused. Faults: NotAcceptable.
 */
export function acceptedOf(accept: string, encodings: readonly Encoding[] = ['json', 'yaml']): Accepted {
  for (const { type, parameters } of rangesOf(accept)) {
    const encoding = encodingOfType(type)
    const form = formOf(parameters)
    if (encoding !== undefined && form !== undefined && encodings.includes(encoding)) return { form, encoding }
  }
  throw apiFault('NotAcceptable', `only the following media types are accepted: ${KNOWN}`)
}

/** How what is no object is written, such as a refusal: as the client likes best, or JSON. */
export function encodingOf(accept: string): Encoding {
  if (!accept.includes('yaml')) return 'json'
  for (const { type } of rangesOf(accept)) {
    const encoding = encodingOfType(type)
    if (encoding !== undefined) return encoding
  }
  return 'json'
}

interface Range {
  /** Lower case. */
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

// Best first.
function rangesOf(accept: string): readonly Range[] {
  const ranges = (accept.trim() === '' ? '*/*' : accept).split(',').map(rangeOf)
  const liked = ranges.filter(({ weight }) => weight > 0)
  return liked.some(({ weight }) => weight < 1) ? liked.toSorted((a, b) => b.weight - a.weight) : liked
}

function rangeOf(text: string): Range & { readonly weight: number } {
  const [type = '', ...words] = text.split(';').map(word => word.trim())
  const parameters = new Map(
    words.map(word => {
      const [name = '', value = ''] = word.split('=', 2).map(part => part.trim())
      return [name.toLowerCase(), value] as const
    }),
  )
  const weight = Number(parameters.get('q') ?? 1)
  return { type: type.toLowerCase(), parameters, weight: weight >= 0 && weight <= 1 ? weight : 1 }
}

function encodingOfType(type: string): Encoding | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json'
  return type === 'application/yaml' ? 'yaml' : undefined
}

function formOf(parameters: Range['parameters']): Form | undefined {
  const [as, version = 'v1'] = [parameters.get('as'), parameters.get('v')]
  if (as === undefined) return 'object'
  if (version !== 'v1') return undefined
  if (as === 'Table') return 'table'
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? 'partial' : undefined
}

const KNOWN = [
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
].join(', ')
