import type { FilesystemRow } from '#rpc'
import { type Json, jsonAt, type KubeObject } from '#schema'

/** Which machines may use a filesystem: all, or those that are named. */
export interface FilesystemAccess {
  readonly machines?: readonly string[] | undefined
  readonly readOnly: readonly string[]
  readonly rootSquash: boolean
}

/** What storage is to be told of who may use a filesystem; undefined: it is as its object wants it, or that says nothing. */
export function accessStep(
  object: KubeObject,
  { access }: Pick<FilesystemRow, 'access'>,
): FilesystemAccess | undefined {
  const wanted = jsonAt(jsonAt(object, 'spec'), 'access')
  if (wanted === undefined || access === undefined) return undefined
  const machines = namesIn(wanted, 'machines')
  const squash = jsonAt(wanted, 'rootSquash')
  const to = { machines, readOnly: namesIn(wanted, 'readOnly') ?? [], rootSquash: squash !== false }
  const isSame =
    to.machines?.join() === access.machines?.join() &&
    to.readOnly.join() === access.readOnly.join() &&
    to.rootSquash === access.rootSquash
  return isSame ? undefined : to
}

function namesIn(access: Json, field: string): readonly string[] | undefined {
  const names = jsonAt(access, field)
  return Array.isArray(names) ? names.filter(name => typeof name === 'string') : undefined
}
