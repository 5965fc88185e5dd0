import { cairn } from './cairn.ts'
import { disk } from './disk.ts'
import { glusterfs } from './glusterfs.ts'
import { moosefs } from './moosefs.ts'
import type { TargetKind } from './target.ts'

/** Every kind of target, in the order they take turns. */
export const targetKinds: readonly TargetKind[] = [disk, cairn, glusterfs, moosefs]
