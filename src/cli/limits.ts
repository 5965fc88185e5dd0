/** Files transferred at a time. */
export const FILES_AT_ONCE = 16

/** Bytes read from a local file in one step. */
export const LOCAL_READ_BYTES = 512 * 1024

/** How long a transfer waits for a storage process that is being replaced. */
export const RECONNECT_MS_MAX = 60_000
export const RECONNECT_PAUSE_MS = 100

/** How often one piece of work is begun anew when connections break. */
export const RECONNECTS_MAX = 700

/** How long a command waits for a Cairn that runs and does not answer, and how often it tries. */
export const DOOR_MS_MAX = 10_000
export const DOOR_POLL_MS = 50

/** How long `cairn down` waits for the end. */
export const DOWN_MS_MAX = 120_000
export const DOWN_POLL_MS = 50

/** Failed files named one by one; the rest is counted. */
export const FAILURES_SHOWN_MAX = 20

/** Redraws of the progress line. */
export const PROGRESS_MS = 200

/** How long doctor waits for a mount to answer. */
export const PROBE_MS = 2_000

/** How long doctor waits for the API to answer. */
export const API_PROBE_MS = 5_000

/** Seconds that `cairn fs create` waits until a filesystem that is wanted is there. */
export const FILESYSTEM_SECONDS_MAX = 30

/** Seconds that `cairn node remove` waits until the machine is out of the cloud. */
export const NODE_SECONDS_MAX = 30

/** How long `cairn mesh rotate` waits for the new key, and how often it looks. */
export const MESH_ROTATE_MS = 60_000
export const MESH_LOOK_MS = 500

/** Milliseconds in which a machine that becomes a home serves it. */
export const PROMOTED_MS_MAX = 30_000
/** How often `cairn node drain --wait` looks how far it is. */
export const DRAIN_LOOK_MS = 1_000
