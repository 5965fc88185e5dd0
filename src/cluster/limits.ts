/** Port on which machines listen for each other. */
export const PEER_PORT = 7443

/** Milliseconds between two heartbeats of a machine. */
export const BEAT_MS = 2_000
/** Milliseconds without a heartbeat after which a machine is Suspect, and Offline. */
export const SUSPECT_MS = 6_000
export const OFFLINE_MS = 20_000
/** Milliseconds that the clocks of two machines may differ: more is Degraded, and so much more that a machine may not write. */
export const SKEW_DEGRADED_MS = 1_000
export const SKEW_STOP_MS = 60_000

/** Machines of a cloud. */
export const MACHINES_MAX = 1_000
/** Disks of one machine. */
export const DISKS_MAX = 64
/** Addresses at which one machine is tried. */
export const ADDRESSES_MAX = 16
/** Pools of a cloud. */
export const POOLS_MAX = 64
/** Serials of revoked machine certificates that every machine knows. */
export const REVOKED_MAX = 4_096
/** Machines told of in one item of `cluster.watch`. */
export const HEARD_PER_ITEM = 16
