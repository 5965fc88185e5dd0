/** A filesystem of the machine, by the magic number statfs(2) tells, and the cases it is known to fail. */
export interface HostException {
  readonly magic: number
  readonly name: string
  /** Matched against `group: name of the case`. */
  readonly fails: readonly RegExp[]
  readonly why: string
}

/** Where the host's own filesystem differs from what is asked of Cairn; ext4 passes everything. */
export const HOST_EXCEPTIONS: readonly HostException[] = [
  {
    magic: 0x01021994,
    name: 'tmpfs',
    fails: [/^fallocate: zeroing/, /^truncate: .* beyond the largest file/, /^fallocate: beyond the largest file/],
    why: 'it has no ZERO_RANGE, and files of up to 8 EiB',
  },
]
