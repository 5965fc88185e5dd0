import type { Handler } from '#rpc'
import type { ChunkStore } from '#storage/chunks'
import type { afterChunks } from '#storage/fs'

/** A bug planted on purpose, outside the program: the simulator is worth something as long as it finds it. */
export interface CloudCanary {
  readonly name: string
  /** It is found within so many seeds from 1 on. */
  readonly seedsMax: number
  readonly store?: (store: ChunkStore) => ChunkStore
  readonly handlers?: (handlers: readonly Handler[]) => readonly Handler[]
  readonly order?: (order: ReturnType<typeof afterChunks>) => ReturnType<typeof afterChunks>
}

/** All of them, by name. */
export const CLOUD_CANARIES: readonly CloudCanary[] = []
