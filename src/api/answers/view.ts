import type { Json, KubeObject, Resource } from '#schema'
import { includeOf } from '../request/parameters.ts'
import { acceptedOf, type Encoding, type Form } from './negotiate.ts'
import { partialOf, rowOf, tableOf } from './table.ts'

/** How a client wants objects to be shown. */
export interface View {
  readonly form: Form
  readonly encoding: Encoding
  /** The same for all who see the same. */
  readonly id: string
  /** An object alone; the columns of a table are told with the first only. */
  readonly show: (object: KubeObject, isFirst: boolean) => Json
  /** An object as one of a list: itself, its metadata or a row. */
  readonly item: (object: KubeObject) => Json
}

/** The view a client asks for by its Accept header and parameters. Faults: NotAcceptable, BadRequest. */
export function viewOf(
  resource: Resource,
  asked: { readonly accept: string; readonly query: URLSearchParams; readonly encodings?: readonly Encoding[] },
  nowMs: () => number,
): View {
  const { form, encoding } = acceptedOf(asked.accept, asked.encodings)
  if (form === 'object') return { form, encoding, id: form, show: object => object, item: object => object }
  if (form === 'partial') return { form, encoding, id: form, show: partialOf, item: partialOf }
  const include = includeOf(asked.query)
  return {
    form,
    encoding,
    id: `table ${include}`,
    show: (object, isFirst) => {
      const metadata = { resourceVersion: object.metadata.resourceVersion }
      const table = tableOf(resource, [object], { include, metadata, nowMs: nowMs() })
      return isFirst ? table : { ...table, columnDefinitions: null }
    },
    item: object => rowOf(resource, object, { include, nowMs: nowMs() }),
  }
}
