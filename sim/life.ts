import type { DiskImage } from './disk/image.ts'

/** How a process ends before its time. `kill` leaves the page cache, `power` only what the disk has. */
export type Ending = 'kill' | 'power'

/**
 * One process, from start to end. When it ends its disk is copied as it is in that moment; what its code still does
 * until the event loop runs dry happens to a disk that nobody looks at any more.
 */
export class Life {
  readonly number: number
  /** What the next life finds; undefined while this one lasts. */
  left: DiskImage | undefined

  constructor(number: number) {
    this.number = number
  }

  get ended(): boolean {
    return this.left !== undefined
  }

  end(image: DiskImage): void {
    this.left ??= image
  }
}
