/** Controllers from which on another home of a filesystem is named without people. */
export const FAILOVER_CONTROLLERS = 3
/** Milliseconds between two heartbeats of a machine. */
export const BEAT_MS = 2_000
/** Milliseconds without a heartbeat after which a machine is Suspect, and Offline. */
export const SUSPECT_MS = 6_000
export const OFFLINE_MS = 20_000
/** Milliseconds that the clocks of two machines may differ: more is Degraded, and so much more that a machine may not write. */
export const SKEW_DEGRADED_MS = 1_000
export const SKEW_STOP_MS = 60_000

/** The newest formats on disk and wire that this version understands; a cloud is at the lowest of its machines. */
export const FORMAT_LEVEL = 1
/** The oldest formats it reads and writes. */
export const OLDEST_FORMAT_LEVEL = 1

/** Machines of a cloud. */
export const MACHINES_MAX = 1_000
/** Disks of one machine. */
export const DISKS_MAX = 64
/** MiB of one disk: 4 PiB, so that bytes of it can be counted. */
export const DISK_MIB_MAX = 2 ** 32
/** Addresses at which one machine is tried. */
export const ADDRESSES_MAX = 16
/** Pools of a cloud. */
export const POOLS_MAX = 64
/** Filesystems of a cloud that have a home in the map. */
export const HOMES_MAX = 1_000
/** Machines that have the log of one filesystem and count: as many as a pool has copies. */
export const IN_SYNC_MAX = 16
/** Filesystems that a machine names of those whose log it is believed to have, and has not. */
export const LACKS_MAX = 256
/** Serials of revoked machine certificates that every machine knows. */
export const REVOKED_MAX = 4_096
/** Rows of each list of the map of which it is kept when they changed, and answers kept to who has an older map. */
export const CHANGED_ROWS_MAX = 4_096
export const CHANGES_KEPT = 16
/** Machines told of in one item of `cluster.watch`, and bytes of them. */
export const HEARD_PER_ITEM = 16
export const HEARD_BYTES_MAX = 48 * 1024

/** Other machines to which each machine keeps a connection; in a larger cloud only to controllers. */
export const LINKS_ALL_MAX = 32
/** Connections that one other machine may have here at a time. */
export const CONNECTIONS_PER_MACHINE = 4
/** How often it is looked after connections. */
export const LOOK_MS = 1_000
/** Milliseconds later than it should look after which a process has stood still, which is not held against others. */
export const STALL_MS = 2_000
/** Milliseconds in which nothing was sent after which this side asks, whoever usually does. */
export const QUIET_MS = 3_000
/** Milliseconds that one of two connections between the same machines stays when it is idle. */
export const SURPLUS_MS = 10_000
/** Milliseconds that a connection stays that nobody wants to be kept and that is idle. */
export const LINK_IDLE_MS = 60_000
/** Milliseconds that all addresses of a machine may take to answer, and between the starts of two of them. */
export const DIAL_MS = 5_000
export const DIAL_STEP_MS = 100
/** Milliseconds that the machine with the later name leaves to the other to dial first. */
export const DIAL_LATER_MS = 500
/** Pauses between dialling in vain: from, doubled each time, to; each by half more or less. */
export const DIAL_PAUSE_MS = 250
export const DIAL_PAUSE_MS_MAX = 15_000
/** A connection that lived so long was well: the next pause begins small again. */
export const LINK_WELL_MS = 10_000
/** Steps in which a clock's distance counts as changed. */
export const SKEW_STEP_MS = 100

/** Milliseconds for which a machine that was removed is told so, each time it comes. */
export const REMOVED_TOLD_MS = 2_000

/** Milliseconds in which the connection that is there must answer, when another machine shows its name. */
export const PROBE_MS = 2_000
/** Milliseconds after which a machine that shows the name of another counts as gone: it tries at most every 15 s. */
export const DUPLICATE_MS = 45_000
/** Starts that were refused, of one name, that are known again. */
export const REFUSED_BOOTS_MAX = 4
/** Milliseconds between two lines about trouble that goes on, and before a map that could not be taken is asked for again. */
export const TROUBLE_AGAIN_MS = 600_000
export const MAP_AGAIN_MS = 10_000

/** Addresses of controllers that tokens said, which are tried besides what controllers say themselves. */
export const PLACES_MAX = 16

/** Addresses of one machine on the mesh, and endpoints at which its WireGuard is tried. */
export const MESH_ADDRESSES_MAX = 4
export const MESH_ENDPOINTS_MAX = 8
/** How much later than the others the address on the mesh is dialled. */
export const DIAL_MESH_MS = 1_500
/** Pauses between looking for another way than over the mesh, when that is the only one: from, doubled each time, to. */
export const DIRECT_AGAIN_MS = 15_000
export const DIRECT_AGAIN_MS_MAX = 600_000
