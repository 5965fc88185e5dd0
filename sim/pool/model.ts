import { createHash } from 'node:crypto'
import { type Digest, digestHex, digestOf } from '#base'
import { mustHold } from '../model/violation.ts'
import type { PoolMachine } from './machine.ts'

/** A chunk that a program has put. */
export interface PutChunk {
  readonly digest: Digest
  readonly content: Buffer
  /** The disks that had it for good when it was acknowledged, or when all was last as it should be; undefined before. */
  disks: ReadonlySet<string> | undefined
  /** Disks on which its bytes have rotted: nobody who renews it there can know. */
  readonly rotten: Set<string>
}

/** What must be true: who had what when it was acknowledged, and which disks are gone. */
export class PoolModel {
  readonly chunks = new Map<Digest, PutChunk>()
  readonly #lostDisks = new Set<string>()

  note(content: Buffer): PutChunk {
    const digest = digestOf(createHash('sha256').update(content).digest())
    const known = this.chunks.get(digest)
    if (known !== undefined) return known
    const chunk: PutChunk = { digest, content, disks: undefined, rotten: new Set() }
    this.chunks.set(digest, chunk)
    return chunk
  }

  get acknowledged(): PutChunk[] {
    return [...this.chunks.values()].filter(chunk => chunk.disks !== undefined)
  }

  /** A disk is gone with all it had. */
  loseDisk(machine: PoolMachine): void {
    this.#lostDisks.add(diskOf(machine))
  }

  /** The machine's copy of a chunk is damaged, and it does not know. */
  spoil(chunk: PutChunk, machine: PoolMachine): void {
    const disk = diskOf(machine)
    chunk.rotten.add(disk)
    chunk.disks = chunk.disks && new Set([...chunk.disks].filter(each => each !== disk))
  }

  get lostDisks(): number {
    return this.#lostDisks.size
  }

  /** The chunk was acknowledged: so many copies must be on disks, whatever happens to the power. */
  acknowledge(chunk: PutChunk, machines: readonly PoolMachine[], needed: number): void {
    const disks = disksWith(chunk, machines)
    const count = disks.union(chunk.rotten).size
    mustHold(count >= needed, () => `${told(chunk)} was acknowledged with ${count} of ${needed} copies`)
    chunk.disks = disks
  }

  /** True while a disk is left of those that had the chunk: it must be there, somewhere. */
  mustBeThere(chunk: PutChunk): boolean {
    return this.disksLeft(chunk) > 0
  }

  /** How many disks are left of them. */
  disksLeft({ disks }: PutChunk): number {
    return disks === undefined ? 0 : [...disks].filter(disk => !this.#lostDisks.has(disk)).length
  }

  /** All is as it should be: every chunk is held by exactly these machines. */
  async settle(machines: readonly PoolMachine[], wantedOf: (digest: Digest) => readonly string[]): Promise<void> {
    for (const chunk of this.acknowledged) {
      if (!this.mustBeThere(chunk)) {
        this.chunks.delete(chunk.digest)
        continue
      }
      const held: string[] = []
      for (const { own, store } of machines) if ((await store?.has(chunk.digest)) === true) held.push(own)
      const wanted = wantedOf(chunk.digest).toSorted().join()
      mustHold(held.toSorted().join() === wanted, () => `${told(chunk)} is held by ${held.join()}, not ${wanted}`)
      const disks = disksWith(chunk, machines)
      mustHold(disks.size >= held.length, () => `${told(chunk)} is durable on ${[...disks].join()} only`)
      chunk.disks = disks
      chunk.rotten.clear()
    }
  }
}

/** Disks that have the bytes of a chunk even after a power cut. */
function disksWith({ content }: PutChunk, machines: readonly PoolMachine[]): Set<string> {
  const disks = new Set<string>()
  for (const machine of machines) {
    for (const [path, file] of machine.image.durableNames) {
      if (file !== 'folder' && path.endsWith('.seg') && file.durable.view.includes(content)) disks.add(diskOf(machine))
    }
  }
  return disks
}

function diskOf({ own, disks }: PoolMachine): string {
  return `${own}/${disks}`
}

export function told({ digest, content }: PutChunk): string {
  return `chunk ${digestHex(digest).slice(0, 12)} of ${content.length} bytes`
}
