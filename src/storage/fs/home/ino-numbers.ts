import { assert, beU64, bytesOf, byteString, readBeU64 } from '#base'
import type { LocalKeyspace } from '#keyspace'
import { inoOf } from '../inode.ts'
import * as keys from '../keys.ts'
import { INO_BLOCK } from '../limits.ts'
import type { Ino } from '../vfs.ts'
import { patiently } from './patiently.ts'

/**
 * New inode numbers, from a stored counter. A block of them is used only when the counter behind it is durable: a home that has lost what
 * was not, and another home that goes on without it, never give a number away again that some machine still has open.
 */
export class InoNumbers {
  readonly #keyspace: LocalKeyspace
  #block: Block = { next: 0, end: 0 }
  #nextBlock: Block | undefined
  #reserving: Promise<void> | undefined

  constructor(keyspace: LocalKeyspace) {
    this.#keyspace = keyspace
  }

  /** Undefined while there are numbers, else resolves when there are. Faults: those of the keyspace's sync. */
  get awaited(): Promise<void> | undefined {
    const isEmpty = this.#block.next === this.#block.end && this.#nextBlock === undefined
    return isEmpty ? this.#reserve() : undefined
  }

  /** A new number; there must be one. */
  take(): Ino {
    if (this.#block.next === this.#block.end && this.#nextBlock !== undefined) {
      this.#block = this.#nextBlock
      this.#nextBlock = undefined
    }
    const { next, end } = this.#block
    assert(next < end, 'there is an inode number')
    this.#block.next++
    // Who makes many files does not wait for the next ones.
    if (end - next <= INO_BLOCK / 2 && this.#nextBlock === undefined) void this.#reserve().catch(() => undefined)
    return inoOf(next)
  }

  #reserve(): Promise<void> {
    this.#reserving ??= this.#reserveNow().finally(() => {
      this.#reserving = undefined
    })
    return this.#reserving
  }

  async #reserveNow(): Promise<void> {
    const keyspace = this.#keyspace
    const block = await patiently(keyspace, () => this.#count(), NEVER)
    await keyspace.sync(keyspace.revision, NEVER)
    this.#nextBlock = block
  }

  #count(): Block {
    const row = this.#keyspace.get(keys.NEXT_INO_KEY)
    const next = row === undefined ? FIRST : readBeU64(byteString(row.value))
    const end = next + INO_BLOCK
    this.#keyspace.commit({ then: [{ kind: 'put', key: keys.NEXT_INO_KEY, value: bytesOf(beU64(end)) }] })
    return { next, end }
  }
}

interface Block {
  next: number
  readonly end: number
}

/** Behind the root. */
const FIRST = 2
const NEVER = new AbortController().signal
