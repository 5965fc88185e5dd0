/** Most bytes of one WRITE or READ: what the kernel allows by default (fs.fuse.max_pages_limit, 256 pages). */
export const TRANSFER_BYTES_MAX = 1024 * 1024

/** {@link TRANSFER_BYTES_MAX} in pages of 4 KiB. */
export const TRANSFER_PAGES_MAX = 256

/** Room in a request buffer for the headers in front of the largest body; the kernel asks for at least 80 bytes. */
export const HEADER_ROOM_BYTES = 4096

/** Buffers of a session for requests and replies in flight; while all are out, no further request is read. */
export const BUFFERS_MAX = 32

/** Readahead and other background requests the kernel may have in flight. */
export const BACKGROUND_REQUESTS_MAX = 24

/** From here the kernel calls the mount congested. */
export const CONGESTION_THRESHOLD = 18

/** How far the kernel reads ahead, in KiB. 128 (its default) gives half the speed of 2048. */
export const READAHEAD_KIB = 2048

/** `st_blksize`: what programs with buffers of their own write at once, so that each write is one larger request. */
export const PREFERRED_IO_BYTES = 128 * 1024

/** Longest value of an extended attribute (XATTR_SIZE_MAX of linux/limits.h). */
export const XATTR_VALUE_BYTES_MAX = 65_536

/** Longest list of extended attribute names (XATTR_LIST_MAX of linux/limits.h). */
export const XATTR_LIST_BYTES_MAX = 65_536

/** Most bytes answered to one copy_file_range(2) in its 32-bit form. */
export const COPY_BYTES_MAX = 0x7fff_f000

/** Requests answered before Node's event loop gets its turn. */
export const PUMP_REQUESTS_MAX = 64

/** Milliseconds of requests before Node's event loop gets its turn. */
export const PUMP_MS_MAX = 5

/** How long the pump looks for the next request before it sleeps, in microseconds: waking up costs more than that. */
export const SPIN_US = 50

/** Longest sleep of the pump when libuv's memory layout is not the expected one, in milliseconds. */
export const BLIND_SLEEP_MS = 10

/** Notifications written by the notify worker before it reports back. */
export const NOTIFY_BATCH_MAX = 256

/** How long a child process of mounting and unmounting may take, in milliseconds. */
export const COMMAND_MS_MAX = 10_000

/** How long stat(2) of a mount point may take before it counts as hung, in milliseconds. */
export const PROBE_MS_MAX = 2_000

/** Longest name of a directory entry: what a `Vfs` takes. The kernel itself passes on longer ones. */
export const NAME_BYTES_MAX = 255
