/** Keys that one controller works on at once. */
export const PARALLEL_MAX = 4

/** Milliseconds before a key that failed is tried again: at first, and at most. */
export const RETRY_MS = 50
export const RETRY_MS_MAX = 120_000

/** Milliseconds between two looks at what waits for its time: what is due within is done together. */
export const DELAY_STEP_MS = 10

/** Failures in a row of one key before its controller says so; the first are what a busy object looks like. */
export const QUIET_FAILURES = 4

/** Milliseconds within which controllers work on another server when the one they worked on was killed. */
export const FAILOVER_MS = 15_000
/** Milliseconds a lease is held without being renewed: others wait so long before they take it. Whole seconds. */
export const LEASE_MS = 5_000
/** Milliseconds after the last renewal when its holder stops, before anybody else may begin. */
export const LEASE_STOP_MS = 3_500
/** Milliseconds between renewals, and between looks of those who wait. */
export const LEASE_STEP_MS = 1_000

/** Happenings that wait to be written as Events; more are left out. */
export const EVENTS_WAITING_MAX = 1_000
/** Different happenings whose counts are remembered. */
export const EVENTS_KNOWN_MAX = 4_096
/** Milliseconds between two writes of one Event; what happens between is counted with the next. */
export const EVENT_REPEAT_MS = 30_000

/** Characters of an Event's message (k8s.io/kubernetes/pkg/apis/core/validation NoteLengthLimit). */
export const EVENT_MESSAGE_CHARS_MAX = 1_024

/** Objects deleted at once when a namespace goes. */
export const NAMESPACE_DELETES_AT_ONCE = 16
/** Milliseconds before a namespace that is not empty yet is looked at again: at first, and at most. */
export const NAMESPACE_AGAIN_MS = 500
export const NAMESPACE_AGAIN_MS_MAX = 30_000

/** Milliseconds between two looks at which resources are served. */
export const DISCOVERY_MS = 30_000

/** Dependents of one object that are looked at in one piece. */
export const DEPENDENTS_IN_PIECE = 256
/** Dependents that go on without their owner, changed at once. */
export const ORPHANS_AT_ONCE = 16
/** Owners remembered to be absent, so that they are not asked for again. */
export const ABSENT_OWNERS_MAX = 10_000

/** Milliseconds between two sweeps of what has had its time. */
export const SWEEP_MS = 60_000
/** Objects one sweep deletes of a resource. */
export const SWEEP_DELETES_MAX = 1_000
/** Milliseconds an Event is kept after it happened last (the default of kube-apiserver's --event-ttl). */
export const EVENT_TTL_MS = 3_600_000
/** Milliseconds after its last renewal when the Lease of a node that is no more is removed. */
export const NODE_LEASE_TTL_MS = 3_600_000
/** Milliseconds a certificate signing request is kept: once decided, and while nobody decides (as kube-controller-manager). */
export const REQUEST_DECIDED_TTL_MS = 3_600_000
export const REQUEST_PENDING_TTL_MS = 86_400_000
/** Milliseconds until a definition is looked at again whose objects are not gone yet. */
export const DEFINITION_AGAIN_MS = 200
/** Objects of a definition that is going that are deleted at once. */
export const DEFINITION_DELETES_AT_ONCE = 16

/** Milliseconds between two looks at what storage holds. */
export const STORAGE_LOOK_MS = 30_000
/** Milliseconds for which what storage said is good enough for another who looks. */
export const STORAGE_RECENT_MS = 200
/** Milliseconds before storage is asked again that does not answer. */
export const STORAGE_AWAY_MS = 250
/** Milliseconds between two writes of what a filesystem holds. */
export const USAGE_TOLD_MS = 60_000
/** Milliseconds before a filesystem is tried again that cannot be made or removed as things are. */
export const FILESYSTEM_AGAIN_MS = 5_000
/** Parts of a pool's room that its object tells apart. */
export const POOL_STEPS = 200

/**
 * Milliseconds of silence after which a home is deposed: it has answered nobody for a while then, as it stops when no leading
 * controller has answered it for 6 s (HOME_STOPS_MS of main). A leader before may have answered it up to 2 s after it asked for the
 * last renewal of its lease (LEADING_COUNTS_MS): so long behind the last renewal that was seen no other is named.
 */
export const HOME_SILENT_MS = 8_000
export const HOME_OTHERS_MS = 8_500
/** Milliseconds between two looks at homes. */
export const HOME_LOOK_MS = 250

/** Machines, pools and revoked serials in a map: as many as machines take. */
export const MAP_MACHINES_MAX = 1_000
export const MAP_POOLS_MAX = 64
export const MAP_REVOKED_MAX = 4_096
/** Milliseconds between two maps, and between two looks at each machine when nothing is heard of it. */
export const MAP_STEP_MS = 200
export const MACHINE_LOOK_MS = 60_000
/** Milliseconds between two renewals of a machine's Lease, and how long one lasts. */
export const NODE_LEASE_STEP_MS = 60_000
export const NODE_LEASE_MS = 150_000
/** Parts of a disk's capacity that the map tells apart. */
export const CAPACITY_STEPS = 16
/** Percent of a disk beyond which it takes no new groups, and nothing; and so much below when it does again. */
export const DISK_CHUNKS_PERCENT = 85
export const DISK_NOTHING_PERCENT = 95
export const DISK_RELIEF_PERCENT = 3
/** How often a pool is asked how many copies are missing, while some are or that is not known, and while none are. */
export const POOL_LOOK_MS = 5_000
export const POOL_SAFE_LOOK_MS = 60_000
