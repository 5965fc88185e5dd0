/** Directories and inodes of which memory knows that they are marked as changed. */
export const MARKED_CACHE_MAX = 20_000
