/** How much of everything is done. */
export interface Sizes {
  readonly largeBytes: number
  readonly randomCount: number
  readonly fileCount: number
  readonly fileBytes: number
  readonly syncCount: number
  readonly listedCount: number
  readonly snapshotCounts: readonly [number, number]
  readonly growthCount: number
  /** Files of the real tree at most. */
  readonly treeFilesMax: number
}

/** What the goals are about. */
export const FULL: Sizes = {
  largeBytes: 1 << 30,
  randomCount: 2000,
  fileCount: 3000,
  fileBytes: 4096,
  syncCount: 2000,
  listedCount: 100_000,
  snapshotCounts: [3000, 30_000],
  growthCount: 1_000_000,
  treeFilesMax: 10_000,
}

/** To see that everything runs; its figures say little. */
export const QUICK: Sizes = {
  largeBytes: 64 << 20,
  randomCount: 200,
  fileCount: 300,
  fileBytes: 4096,
  syncCount: 100,
  listedCount: 1000,
  snapshotCounts: [200, 2000],
  growthCount: 5000,
  treeFilesMax: 500,
}
