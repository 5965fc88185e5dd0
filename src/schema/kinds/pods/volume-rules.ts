import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, textAt } from '../../json.ts'
import { quantityOf } from '../../quantity.ts'
import { mustHave } from '../../rules.ts'
import { nameErrors } from './container-rules.ts'

/** What is wrong with a pod's volumes: each has a name of its own and one source. */
export function volumeErrors(volumes: readonly Json[], field: string): readonly FieldError[] {
  return [
    ...nameErrors(volumes, field),
    ...volumes.flatMap((volume, index) => sourceErrors(volume, `${field}[${index}]`)),
  ]
}

// What the sources must name.
const MUST_NAME: Readonly<Record<string, readonly string[]>> = {
  configMap: ['name'],
  csi: ['driver'],
  hostPath: ['path'],
  nfs: ['server', 'path'],
  persistentVolumeClaim: ['claimName'],
  secret: ['secretName'],
}

function sourceErrors(volume: Json, field: string): FieldError[] {
  const sources = isJsonObject(volume) ? Object.keys(volume).filter(name => name !== 'name') : []
  const [first, ...others] = sources
  if (first === undefined) return [required(field, 'must specify a volume type')]
  const errors = others.map(name => forbidden(`${field}.${name}`, 'may not specify more than 1 volume type'))
  const source = jsonAt(volume, first)
  for (const name of MUST_NAME[first] ?? []) errors.push(...mustHave(source, name, `${field}.${first}`))
  if (first === 'hostPath') errors.push(...backstepErrors(source, `${field}.hostPath`))
  const size = quantityOf(jsonAt(source, 'sizeLimit'))
  if (size !== undefined && size.nanos < 0n) {
    errors.push(
      invalid(
        `${field}.${first}.sizeLimit`,
        jsonAt(source, 'sizeLimit'),
        'SizeLimit field must be a valid resource quantity',
      ),
    )
  }
  return errors
}

function backstepErrors(source: Json | undefined, field: string): FieldError[] {
  const path = textAt(source, 'path') ?? ''
  return path.split('/').includes('..') ? [invalid(`${field}.path`, path, "must not contain '..'")] : []
}
