import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import { quantityOf } from '../../quantity.ts'
import { mustHave, oneOf } from '../../rules.ts'
import { claimErrors } from '../core/persistent-volume-claim.ts'
import { nameErrors } from './container-rules.ts'
import { FILE_FIELDS, fieldErrors, resourceFieldErrors } from './env-rules.ts'
import { descendingErrors } from './mount-rules.ts'

/** What is wrong with a pod's volumes: each has a name of its own and one source (validateVolumeSource). */
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
  ephemeral: [],
  gitRepo: ['repository'],
  hostPath: ['path'],
  iscsi: ['targetPortal', 'iqn'],
  nfs: ['server', 'path'],
  persistentVolumeClaim: ['claimName'],
  secret: ['secretName'],
}

function sourceErrors(volume: Json, field: string): FieldError[] {
  const sources = isJsonObject(volume) ? Object.keys(volume).filter(name => name !== 'name') : []
  const [first, ...others] = sources
  if (first === undefined) return [required(field, 'must specify a volume type')]
  const errors = others.map(name => forbidden(`${field}.${name}`, 'may not specify more than 1 volume type'))
  const source = jsonAt(volume, first) ?? {}
  const at = `${field}.${first}`
  for (const name of MUST_NAME[first] ?? []) errors.push(...mustHave(source, name, at))
  return [...errors, ...(RULES[first]?.(source, at) ?? [])]
}

type Rule = (source: Json, field: string) => readonly FieldError[]

const PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

const RULES: Readonly<Record<string, Rule>> = {
  configMap: fileErrors,
  downwardAPI: downwardErrors,
  emptyDir: (source, field) => {
    const size = quantityOf(jsonAt(source, 'sizeLimit'))
    const rule = 'SizeLimit field must be a valid resource quantity'
    return size !== undefined && size.nanos < 0n ? [forbidden(`${field}.sizeLimit`, rule)] : []
  },
  ephemeral: (source, field) => {
    const at = `${field}.volumeClaimTemplate`
    const template = jsonAt(source, 'volumeClaimTemplate')
    return template === undefined ? [required(at)] : claimErrors(jsonAt(template, 'spec'), `${at}.spec`)
  },
  hostPath: (source, field) => [...backstepErrors(source, field), ...oneOf(source, 'type', PATH_TYPES, field)],
  nfs: (source, field) => {
    const path = textAt(source, 'path') ?? ''
    return path === '' || path.startsWith('/') ? [] : [invalid(`${field}.path`, path, 'must be an absolute path')]
  },
  projected: projectedErrors,
  secret: fileErrors,
}

function backstepErrors(source: Json, field: string): readonly FieldError[] {
  const path = textAt(source, 'path') ?? ''
  return path.split('/').includes('..') ? [invalid(`${field}.path`, path, "must not contain '..'")] : []
}

const MODE_RULE = 'must be a number between 0 and 0777 (octal), both inclusive'

function modeErrors(object: Json, name: string, field: string): FieldError[] {
  const mode = numberAt(object, name)
  return mode === undefined || (mode >= 0 && mode <= 0o777) ? [] : [invalid(`${field}.${name}`, mode, MODE_RULE)]
}

// The files of a config map or secret.
function fileErrors(source: Json, field: string): FieldError[] {
  return [
    ...modeErrors(source, 'defaultMode', field),
    ...listAt(source, 'items').flatMap((item, index) => {
      const at = `${field}.items[${index}]`
      return [...mustHave(item, 'key', at), ...pathErrors(item, at), ...modeErrors(item, 'mode', at)]
    }),
  ]
}

function pathErrors(item: Json, field: string): FieldError[] {
  const path = textAt(item, 'path') ?? ''
  if (path === '') return [required(`${field}.path`)]
  const errors = descendingErrors(path, `${field}.path`)
  if (!path.startsWith('..') || path.split('/')[0] === '..') return errors
  return [...errors, invalid(`${field}.path`, path, "must not start with '..'")]
}

function downwardErrors(source: Json, field: string): FieldError[] {
  return [
    ...modeErrors(source, 'defaultMode', field),
    ...listAt(source, 'items').flatMap((item, index) => {
      const at = field
      const [own, amount] = [jsonAt(item, 'fieldRef'), jsonAt(item, 'resourceFieldRef')]
      const both = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      return [
        ...pathErrors(item, at),
        ...(own === undefined ? [] : fieldErrors(own, FILE_FIELDS, `${at}.fieldRef`)),
        ...(own !== undefined && amount !== undefined ? [invalid(at, 'resource', both)] : []),
        ...(own === undefined && amount !== undefined ? amountErrors(amount, `${at}.resourceFieldRef`) : []),
        ...(own === undefined && amount === undefined
          ? [required(at, 'one of fieldRef and resourceFieldRef is required')]
          : []),
        ...modeErrors(item, 'mode', `${field}.items[${index}]`),
      ]
    }),
  ]
}

function amountErrors(reference: Json, field: string): readonly FieldError[] {
  return [...mustHave(reference, 'containerName', field), ...resourceFieldErrors(reference, field)]
}

const PROJECTIONS: Readonly<Record<string, Rule>> = {
  configMap: (source, field) => [...mustHave(source, 'name', field), ...fileErrors(source, field)],
  downwardAPI: downwardErrors,
  secret: (source, field) => [...mustHave(source, 'name', field), ...fileErrors(source, field)],
  serviceAccountToken: (source, field) => {
    const seconds = numberAt(source, 'expirationSeconds')
    const at = `${field}.expirationSeconds`
    const errors = pathErrors(source, field)
    if (seconds !== undefined && seconds < 600) {
      errors.push(invalid(at, seconds, 'may not specify a duration less than 10 minutes'))
    }
    if (seconds !== undefined && seconds > 2 ** 32) {
      errors.push(invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds'))
    }
    return errors
  },
}

function projectedErrors(source: Json, field: string): FieldError[] {
  return [
    ...modeErrors(source, 'defaultMode', field),
    ...listAt(source, 'sources').flatMap((each, index) => {
      const at = `${field}.sources[${index}]`
      const [first, ...others] = isJsonObject(each) ? Object.keys(each) : []
      if (first === undefined)
        return [required(at, 'must specify one of: `secret`, `downwardAPI`, `configMap`, `serviceAccountToken`')]
      const many = others.map(name => forbidden(`${at}.${name}`, 'may not specify more than 1 volume type'))
      return [...many, ...(PROJECTIONS[first]?.(jsonAt(each, first) ?? {}, `${at}.${first}`) ?? [])]
    }),
  ]
}
