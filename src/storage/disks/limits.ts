/** Groups by which the disks of one machine share its chunks: as placement has them in a cloud of few machines. */
export const DISK_GROUPS = 4096

/** Bytes that a disk among several keeps out of what is promised: a chunk goes to one disk as a whole. */
export const DISK_MARGIN_BYTES = 16 * 1024 * 1024

/** Chunks moved to other disks before they are made durable and forgotten where they were. */
export const MOVED_AT_ONCE = 32
