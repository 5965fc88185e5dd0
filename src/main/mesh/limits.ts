/** How long a program that changes the network may take. */
export const PROGRAM_MS = 10_000
/** How often it is looked whether anything is due. */
export const MESH_TICK_MS = 1_000
/** How often it is looked after a mesh that is well. */
export const MESH_TURN_MS = 15_000
/** How long a machine waits with its next key, after the map has it, and how often others look whether it is used. */
export const ROTATE_WAIT_MS = 5_000
export const ROTATE_LOOK_MS = 100
/** How often a storage process is sought that does not answer. */
export const MESH_DOOR_AGAIN_MS = 1_000
/** Interfaces of the same kind that are tried: other Cairns may have some. */
export const INTERFACES_MAX = 10
/** How long the mesh process may take to be ready. */
export const MESH_READY_TIMEOUT_MS = 60_000
