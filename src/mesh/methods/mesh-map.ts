import { MACHINES_MAX, type NodeMap } from '#cluster'
import { meshPlaceShape, meshRangesShape } from '#cluster'
import { flag, list, optional, type ShapeOf, shape, text } from '#rpc'

const machineShape = shape({ name: text(253), isController: flag, mesh: optional(meshPlaceShape) })

/** What the mesh needs of the map. */
export const meshMapShape = shape({
  own: text(253),
  ranges: optional(meshRangesShape),
  machines: list(machineShape, MACHINES_MAX),
})

export type MeshMap = ShapeOf<typeof meshMapShape>

/** A machine as the mesh knows it. */
export type MeshMachine = MeshMap['machines'][number]

/** The part of a map that the mesh needs. */
export function meshMapOf({ machines, mesh }: Pick<NodeMap, 'machines' | 'mesh'>, own: string): MeshMap {
  const rows = machines.map(({ name, role, mesh: place }) => ({
    name,
    isController: role === 'controller',
    ...(place === undefined ? {} : { mesh: place }),
  }))
  return { own, machines: rows, ...(mesh === undefined ? {} : { ranges: mesh }) }
}
