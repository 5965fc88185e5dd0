/** How often a machine looks at itself: addresses, load, disks, and whether its port is free now. */
export const PEER_LOOK_MS = 5_000
/** Groups of chunks in the map of a machine alone. */
export const GROUPS_ALONE = 4096
/** Own addresses that others are told. */
export const OWN_ADDRESSES_MAX = 8
