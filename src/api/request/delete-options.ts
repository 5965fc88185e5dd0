import {
  decode,
  type FieldError,
  invalid,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  kubernetesShape,
  listAt,
  notSupported,
  numberAt,
  textAt,
  wordOf,
} from '#schema'
import { isFault } from '#base'
import { apiFault } from '../faults.ts'
import type { DeleteOptions, Propagation } from '../objects/deletion.ts'
import { refuseInvalid } from '../refusal.ts'
import { parseBody, readAll } from './body.ts'
import { flagOf, isDryRun } from './parameters.ts'

/**
 * Reads how to delete: from the body, or from the parameters when there is none. A dry run is one wherever it is asked for.
 * Faults: BadRequest, Invalid.
 */
export async function deleteOptionsOf(request: Request, query: URLSearchParams): Promise<DeleteOptions> {
  const bytes = await readAll(request)
  if (bytes.length === 0) return deleteOptionsIn(fromQuery(query))
  const type = request.headers.get('content-type') ?? ''
  const options = deleteOptionsIn(parseBody(bytes, type, SHAPE))
  return { ...options, isDryRun: options.isDryRun || isDryRun(query) }
}

/** Reads DeleteOptions. Faults: BadRequest, Invalid. */
export function deleteOptionsIn(sent: Json): DeleteOptions {
  const body = readOptions(sent)
  refuseInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, optionErrors(body))
  const policy = textAt(body, 'propagationPolicy')
  const orphans = jsonAt(body, 'orphanDependents')
  return {
    isDryRun: listAt(body, 'dryRun').length > 0,
    uid: textAt(body, 'preconditions', 'uid'),
    resourceVersion: textAt(body, 'preconditions', 'resourceVersion'),
    gracePeriodSeconds: numberAt(body, 'gracePeriodSeconds'),
    propagation: policy === undefined && orphans === true ? 'Orphan' : propagations.find(each => each === policy),
  }
}

const SHAPE = kubernetesShape('V1DeleteOptions')

// Of any version: clients send that of the object.
function readOptions(body: Json): JsonObject {
  const kind = wordOf(jsonAt(body, 'kind'))
  const refuse = (said: string): Error =>
    apiFault('BadRequest', `${kind || 'DeleteOptions'} in version "v1" cannot be handled as a DeleteOptions: ${said}`)
  if (!isJsonObject(body)) throw refuse('it is no object')
  if (kind !== '' && kind !== 'DeleteOptions') throw refuse('it is of another kind')
  try {
    return decode(SHAPE, body).value
  } catch (error) {
    throw isFault(error, 'BadRequest') ? refuse(error.message) : error
  }
}

const propagations: readonly Propagation[] = ['Background', 'Foreground', 'Orphan']

function fromQuery(query: URLSearchParams): JsonObject {
  const policy = query.get('propagationPolicy')
  const seconds = query.get('gracePeriodSeconds') ?? ''
  if (!/^(?:-?[0-9]{1,9})?$/.test(seconds)) {
    throw apiFault(
      'BadRequest',
      `gracePeriodSeconds: Invalid value: ${JSON.stringify(seconds)}: must be a whole number`,
    )
  }
  const dryRun = query.getAll('dryRun').filter(value => value !== '')
  return {
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(query.has('orphanDependents') ? { orphanDependents: flagOf(query, 'orphanDependents') } : {}),
    ...(seconds === '' ? {} : { gracePeriodSeconds: Number(seconds) }),
    dryRun,
  }
}

// k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateDeleteOptions.
function optionErrors(body: JsonObject): FieldError[] {
  const [policy, orphans] = [jsonAt(body, 'propagationPolicy'), jsonAt(body, 'orphanDependents')]
  const errors: FieldError[] = []
  if (policy !== undefined && orphans !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (policy !== undefined && !propagations.some(each => each === policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...propagations, 'nil']))
  }
  if (listAt(body, 'dryRun').some(each => each !== 'All')) {
    errors.push(notSupported('dryRun', listAt(body, 'dryRun'), ['All']))
  }
  return errors
}
