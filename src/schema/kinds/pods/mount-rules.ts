import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { type Json, jsonAt, listAt, textAt } from '../../json.ts'
import { oneOf } from '../../rules.ts'

// k8s.io/kubernetes/pkg/apis/core/validation ValidateVolumeMounts, ValidateVolumeDevices.

/** The volumes of a pod by their names. */
export type Volumes = ReadonlyMap<string, Json>

/** What is wrong with where a container has the volumes of its pod. */
export function mountErrors(container: Json, volumes: Volumes, field: string): readonly FieldError[] {
  const [mounts, devices] = [listAt(container, 'volumeMounts'), listAt(container, 'volumeDevices')]
  const paths = new Set<string>()
  const errors = mounts.flatMap((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`
    const [name, path] = [textAt(mount, 'name') ?? '', textAt(mount, 'mountPath') ?? '']
    const isTwice = path !== '' && paths.has(path)
    paths.add(path)
    return [
      ...(path === '' ? [required(`${at}.mountPath`)] : []),
      ...(isTwice ? [invalid(`${at}.mountPath`, path, 'must be unique')] : []),
      ...nameErrors(name, volumes, at),
      ...clashErrors({ name, path, pathField: `${at}.mountPath` }, devices, at),
      ...subPathErrors(mount, at),
      ...propagationErrors(mount, container, at),
    ]
  })
  return [...errors, ...deviceErrors(devices, volumes, `${field}.volumeDevices`)]
}

function nameErrors(name: string, volumes: Volumes, field: string): FieldError[] {
  if (name === '') return [required(`${field}.name`)]
  if (volumes.has(name)) return []
  return [{ field: `${field}.name`, reason: 'FieldValueNotFound', message: `Not found: "${name}"` }]
}

function clashErrors(
  { name, path, pathField }: { readonly name: string; readonly path: string; readonly pathField: string },
  devices: readonly Json[],
  field: string,
): FieldError[] {
  const isNamed = name !== '' && devices.some(device => textAt(device, 'name') === name)
  const isThere = path !== '' && devices.some(device => textAt(device, 'devicePath') === path)
  return [
    ...(isNamed ? [invalid(`${field}.name`, name, 'must not already exist in volumeDevices')] : []),
    ...(isThere ? [invalid(pathField, path, 'must not already exist as a path in volumeDevices')] : []),
  ]
}

function subPathErrors(mount: Json, field: string): FieldError[] {
  const [path, expression] = [textAt(mount, 'subPath') ?? '', textAt(mount, 'subPathExpr') ?? '']
  const both = 'subPathExpr and subPath are mutually exclusive'
  return [
    ...descendingErrors(path, `${field}.subPath`),
    ...(path !== '' && expression !== '' ? [invalid(`${field}.subPathExpr`, expression, both)] : []),
    ...descendingErrors(expression, `${field}.subPathExpr`),
  ]
}

/** What is wrong with a path that must lead down from where it begins. */
export function descendingErrors(path: string, field: string): FieldError[] {
  if (path.startsWith('/')) return [invalid(field, path, 'must be a relative path')]
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : []
}

function propagationErrors(mount: Json, container: Json, field: string): FieldError[] {
  const at = `${field}.mountPropagation`
  const isMighty = jsonAt(container, 'securityContext', 'privileged') === true
  const isBoth = textAt(mount, 'mountPropagation') === 'Bidirectional'
  const rule = 'Bidirectional mount propagation is available only to privileged containers'
  return [
    ...oneOf(mount, 'mountPropagation', ['Bidirectional', 'HostToContainer', 'None'], field),
    ...(isBoth && !isMighty ? [forbidden(at, rule)] : []),
  ]
}

function deviceErrors(devices: readonly Json[], volumes: Volumes, field: string): FieldError[] {
  const [names, paths] = [new Set<string>(), new Set<string>()]
  return devices.flatMap((device, index) => {
    const at = `${field}[${index}]`
    const [name, path] = [textAt(device, 'name') ?? '', textAt(device, 'devicePath') ?? '']
    const [isNamed, isTaken] = [name !== '' && names.has(name), path !== '' && paths.has(path)]
    names.add(name)
    paths.add(path)
    const volume = volumes.get(name)
    const isBlock = ['persistentVolumeClaim', 'ephemeral'].some(source => jsonAt(volume, source) !== undefined)
    const block = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
    return [
      ...nameErrors(name, volumes, at),
      ...(isNamed ? [invalid(`${at}.name`, name, 'must be unique')] : []),
      ...(volume !== undefined && !isBlock ? [invalid(`${at}.name`, name, block)] : []),
      ...(path === '' ? [required(`${at}.devicePath`)] : []),
      ...(isTaken ? [invalid(`${at}.devicePath`, path, 'must be unique')] : []),
      ...(path.split('/').includes('..')
        ? [invalid(`${at}.devicePath`, path, "can not contain backsteps ('..')")]
        : []),
    ]
  })
}
