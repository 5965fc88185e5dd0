/** Controllers of a lab. */
export const CONTROLLERS_MAX = 7

/** Machines of one lab: addresses .11 to .250 of its network. */
export const MACHINES_MAX = 240

/** The smallest machine Cairn runs on, in bytes of memory. */
export const MEMORY_BYTES_MIN = 128 * 1024 * 1024

/** The smallest disk: ext4, 256 MiB of ballast, and room for chunks. */
export const DISK_BYTES_MIN = 512 * 1024 * 1024

/** The largest: a file of ext4 with blocks of 4 KiB stays below 16 TiB. */
export const DISK_BYTES_MAX = 15 * 2 ** 40

/** The largest weight of a machine's share of the processors (cgroups(7), cpu.weight). */
export const CPU_WEIGHT_MAX = 10_000

/** How long a machine may take until its Cairn answers. */
export const READY_MS_MAX = 120_000

/** How long a control plane may take until it makes a token for a machine. */
export const TOKEN_MS_MAX = 30_000

/** How often they are asked meanwhile. */
export const READY_POLL_MS = 300

/** How often `down` looks again for what is left, when something goes on making it. */
export const SWEEPS_MAX = 5

/** Characters of a lab's name: it stands in names of network namespaces. */
export const NAME_CHARACTERS_MAX = 20

/** How long one command of the host, or in a machine, may take. */
export const COMMAND_MS_MAX = 300_000

/** What a command of the host may print. */
export const COMMAND_BYTES_MAX = 4 * 1024 * 1024

/** How much of a command that failed people are told. */
export const COMMAND_CHARACTERS_TOLD = 120

/** Bytes of a frame that is carried late: the largest an interface may send. */
export const FRAME_BYTES_MAX = 65_600

/** Frames that wait in one direction of a slow way; more are dropped. */
export const DELAYED_FRAMES_MAX = 8192
