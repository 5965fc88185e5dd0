export { Disks, type DisksOptions, type DiskTrouble } from './disks.ts'
export { dropTwins, type Emptied, emptyDisk, type EmptyingParts } from './emptying.ts'
export type { DiskPart } from './part.ts'
