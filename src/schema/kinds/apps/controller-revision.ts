import { column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { numberAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, notNegative } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** What a workload was at one time, so that it can be so again. */
export const controllerRevision = defineResource({
  group: 'apps',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  shape: kubernetesShape('V1ControllerRevision'),
  columns: [
    column('Controller', ownerText),
    column('Revision', object => numberAt(object, 'revision') ?? 0, { type: 'integer' }),
  ],
  validate: (object, old) => [...notNegative(object, ['revision'], ''), ...immutable(object, old, ['data'], '')],
  hasController: true,
})

function ownerText({ metadata }: KubeObject): string {
  const owner = metadata.ownerReferences?.find(each => each.controller === true)
  if (owner === undefined) return '<none>'
  const group = owner.apiVersion.split('/').length === 2 ? `.${owner.apiVersion.split('/')[0]}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}
