import { defineFaults } from '#base'

/** What can go wrong with the mesh. */
export const meshFault = defineFaults({
  /** Words that name no range, provider or interface. */
  BadMeshWords: { status: 400, retry: 'never' },
  /** What another machine or process said of the mesh is not what this version reads. */
  BadMeshMessage: { status: 400, retry: 'never' },
  /** This machine has no WireGuard of its own. */
  NoMesh: { status: 409, retry: 'never' },
  /** A program that the mesh needs failed. */
  MeshFailed: { status: 500, retry: 'later' },
})
