/** Groups of a cloud of few machines: each machine of two has two thousand to tell about. */
export const GROUPS_SMALL = 4096

/** Groups of a cloud of many machines, so that each still has enough of them to be filled evenly. */
export const GROUPS_LARGE = 65_536

/** Machines up to which there are few groups. */
export const MACHINES_OF_SMALL_MAX = 99
