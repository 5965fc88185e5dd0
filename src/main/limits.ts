/** How long the storage process may take to open everything; recovery of a large store is long. */
export const READY_TIMEOUT_MS = 30 * 60_000

/** How long the control process may take to answer its first request. */
export const CONTROL_READY_TIMEOUT_MS = 5 * 60_000

/** How long a child process may take to close before it is killed. */
export const STOP_TIMEOUT_MS = 60_000

/** How long a new process waits for the one before it to let go of the data. */
export const STORAGE_LOCK_TIMEOUT_MS = 90_000

/** How long a storage process whose supervisor is gone may take to close: less than the next one waits for the lock. */
export const ORPHAN_TIMEOUT_MS = 30_000

/** Pauses between restarts of a process that dies: from, doubled each time, to. */
export const RESTART_PAUSE_MS = 100
export const RESTART_PAUSE_MS_MAX = 10_000

/** A process that lived so long was well: the next pause begins small again. */
export const RESTART_WELL_MS = 60_000

/** How long an end of Cairn waits for programs that use a mount, and how often it tries. */
export const BUSY_WAIT_MS = 5_000
export const BUSY_RETRY_MS = 250

/** Programs named when a mount is busy. */
export const BUSY_NAMED_MAX = 5

/** Mounts one machine may have at a time. */
export const MOUNTS_MAX = 64

/** How often it is looked for disks that are missing, and for what is left on those that are drained. */
export const DISK_LOOK_MS = 10_000

/** How long a disk may be missing before its copies are made elsewhere in the cloud. */
export const DISK_LOST_MS = 10 * 60_000

/** How often it is tried at most whether a disk that does not read takes writes. */
export const DISK_PROBE_MS = 10_000

/** How many times slower disks are emptied while people read or write. */
export const EMPTYING_SLOWED = 4

/** Symlinks followed in one path, as the Linux kernel does. */
export const SYMLINKS_MAX = 40

/** Bytes read or written in one step of a transfer. */
export const TRANSFER_BYTES = 512 * 1024

/** Directories below each other that a recursive removal enters. */
export const DEPTH_MAX = 100_000

/** Characters of a filesystem's name. */
export const FILESYSTEM_NAME_MAX = 63

/** How often a new process looks whether the data is free. */
export const STORAGE_LOCK_RETRY_MS = 20

/** Threads that hash and write chunks. */
export const HASH_THREADS = 2

/** Bytes of the path of a unix socket: sun_path without its NUL (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107

/** How long certificates hold that are signed for others, at most. */
export const ISSUED_CERTIFICATE_MS = 365 * 86_400_000

/** How often it is looked whether chunks are to be collected, and how often they are: usually, and when space is low. */
export const COLLECT_LOOK_MS = 60_000
export const COLLECT_EVERY_MS = 15 * 60_000
export const COLLECT_LOW_EVERY_MS = 60_000
/** Milliseconds for which no machine may name a chunk before it is collected, where there are several. */
export const COLLECT_FAR_GRACE_MS = 3600_000

/** Space is low below this part of the whole. */
export const COLLECT_LOW_SHARE = 0.1

/** Collection by itself takes at most this part of the time. */
export const COLLECT_TIME_SHARE = 0.05

/** How often it is looked whether there is a reason to look for what nobody holds, and how often without one. */
export const UNHELD_LOOK_MS = 5_000
export const UNHELD_EVERY_MS = 86_400_000
/** How often what nobody held is looked for again. */
export const UNHELD_AGAIN_MS = 60_000
/** Chunks that are looked for again, and named. */
export const UNHELD_CHUNKS_MAX = 10_000
/** While people read or write, so many times as long as it took to look for some nothing is looked for. */
export const UNHELD_SLOWED = 4

/** Bytes kept on the disk so that a start finds room when it is full. */
export const RESERVE_BYTES = 4 * 1024 * 1024
/** How long a command waits for kernels to be told what it changed. */
export const TOLD_TIMEOUT_MS = 2000
/** How long one who wants a place waits for who has it, before it is told so. */
export const CLAIM_WAIT_MS = 2_000
/** Milliseconds that `cairn doctor` looks for who needs damaged chunks. */
export const DAMAGE_LOOK_MS = 30_000
/** Damaged chunks it looks for, and places it names. */
export const DAMAGED_CHUNKS_MAX = 10_000
export const DAMAGED_PLACES_MAX = 5

/** How long certificates hold, and how long before their end they are made anew. */
export const SERVER_CERTIFICATE_MS = 90 * 86_400_000
export const SERVER_RENEW_MS = 30 * 86_400_000
export const ADMIN_CERTIFICATE_MS = 365 * 86_400_000
export const ADMIN_RENEW_MS = 60 * 86_400_000

/** How often it is looked whether a certificate is due, or the machine has other addresses. */
export const RENEW_LOOK_MS = 3_600_000

/** Pause before roles are read again that could not be followed. */
export const POLICY_RETRY_MS = 100
/** Pause before the storage process is asked again what it hears, when it went away or did not take the map. */
export const STORAGE_AGAIN_MS = 500
/** Pause between two looks at what aggregated roles are made of. */
export const AGGREGATION_STEP_MS = 100

/** Milliseconds the keyspace that everything was moved from has for noting it. */
export const MOVED_MARK_MS = 10_000

/** Milliseconds an answer that everything was moved has before the process that moved it ends. */
export const MOVED_ANSWER_MS = 1000

/** Milliseconds servers have for leaving a keyspace that is to be filled anew, above their lease; and between two looks at them. */
export const SERVERS_GO_MS = 30_000
export const SERVERS_LOOK_MS = 100

/** Milliseconds that a control process which starts anew is waited for: as long as the longest pause before a start, and more. */
export const CONTROL_BACK_MS = 15_000
/** Milliseconds between two looks at a control plane that is restored, and after how many of silence it is given up on. */
export const RESTORE_LOOK_MS = 100
export const RESTORE_SILENT_MS = 60_000

/** Milliseconds the keyspace has for saying how it is. */
export const KEYSPACE_CHECK_MS = 3000

/** How long the etcd of this machine may take to close, and bytes of its log that a start keeps. */
export const ETCD_STOP_MS = 10_000
export const ETCD_LOG_BYTES_MAX = 4 * 1024 * 1024

/** Machines that a storage process names to the next one as silent: all of a cloud. */
export const SILENT_MAX = 1_000

/** How long a storage process may take to close once this machine is something else for a filesystem. */
export const LEAVING_MS = 500
/** A home that others could follow answers nobody when no leading controller has answered it for so long. */
export const HOME_STOPS_MS = 6_000
/** How long it counts that controllers lead, from when they asked for what has confirmed it. */
export const LEADING_COUNTS_MS = 2_000

/** How often a controller that stands by asks for its place, how long who asked counts, and how often members are looked at. */
export const SEAT_ASK_MS = 2_000
export const SEAT_ASKED_MS = 10_000
export const MEMBERS_LOOK_MS = 15_000
/** How often a controller looks whether its member of etcd is where the machine is reached. */
export const MEMBER_MOVED_MS = 5_000
/** How long the first member may take to answer while the control plane is moved to it. */
export const FIRST_MEMBER_MS = 60_000
/** How long the member of a machine may take to go on without the others, and how long each of them has to show that it is there. */
export const RECOVER_MS = 120_000
export const RECOVER_OTHERS_MS = 5_000
/** Controllers of a cloud: more members make an etcd slower, not safer. */
export const CONTROLLERS_MAX = 7

/** Endpoints of one etcd. */
export const ETCD_ENDPOINTS_MAX = 16

/** How long certificates hold that people and devices ask for themselves. */
export const PERSONAL_CERTIFICATE_MS = 7 * 86_400_000
/** How often it is noted that a device was here, at most. */
export const DEVICE_SEEN_MS = 60_000
/** Expired certificates that are forgotten together. */
export const CERTIFICATES_SWEEP_AT = 50

/** Pause before it is looked again whether a machine has to do with an object. */
export const NODE_AGAIN_MS = 100

/** How long a server of a cloud counts that says nothing, and how often it says that it lives. */
export const SERVER_LEASE_MS = 20_000
export const SERVER_LEASE_STEP_MS = 5_000
/** Pauses while a change of keys waits for servers, and before it is tried again after a failure. */
export const ROTATION_STEP_MS = 50
export const ROTATION_RETRY_MS = 5_000
/** Sealed values read at once when they are sealed again. */
export const ROTATION_PAGE = 50

/** How long a process must hardly work before it gives memory back, and how often that is looked at. */
export const IDLE_CHECK_MS = 5_000
/** The share of a processor that is hardly any work. */
export const IDLE_SHARE_MAX = 0.03
/** How much a process must have grown before it gives memory back again. */
export const SPARE_BYTES_MIN = 8 * 2 ** 20
/** After so many looks without work it gives back what it still held when the work ended. */
export const RESTED_LOOKS = 12

/** How long the certificates of machines hold, and how long before their end they are made anew. */
export const NODE_CERTIFICATE_MS = 30 * 86_400_000
export const NODE_RENEW_MS = 10 * 86_400_000
/**
 * The same of members of the cloud's etcd: they can be renewed only where that works, so a cloud that was off for months has to come up
 * with what it has. Revoked ones that members know of, the newest.
 */
export const MEMBER_CERTIFICATE_MS = 365 * 86_400_000
export const MEMBER_RENEW_MS = 335 * 86_400_000
export const MEMBERS_REVOKED_MAX = 200
/** Certificates of one machine that hold at a time. */
export const MACHINE_CERTIFICATES_MAX = 16
/** Characters of a machine's name: that of a label. */
export const NODE_NAME_MAX = 63
/** Pause before storage is told again that the files of the machine are there. */
export const NODE_TOLD_RETRY_MS = 500
/** How long an address of a cloud may take to answer a machine that wants to be let in. */
export const JOIN_DIAL_MS = 10_000

/** Machines that ask to be let in without a token: at a time, of one network, and how long each waits for an administrator. */
export const KNOCKS_MAX = 32
export const KNOCKS_PER_NETWORK = 4
export const KNOCK_MS = 300_000
/** How often a machine that waits to be confirmed asks again. */
export const KNOCK_AGAIN_MS = 2_000

/** Answers a second to machines that look for controllers. */
export const DISCOVERY_ANSWERS_MAX = 10
/** Pauses between the questions of a machine that looks for controllers, how long it listens after the last, and what it takes. */
export const DISCOVERY_ASKS_MS = [100, 300, 600] as const
export const DISCOVERY_MS = 1_000
export const DISCOVERY_FOUND_MAX = 64

/** Milliseconds the storage process has to say what machines use, when somebody asks for metrics. */
export const NODE_READINGS_MS = 2_000

/** Milliseconds other machines have to say how many copies there are, before their answer is left out. */
export const COPIES_TOLD_MS = 2_000

/** How often what was forced without a controller is handed to one, and told to machines that were not told. */
export const RECORD_AGAIN_MS = 1_000

/** Milliseconds in which a home answers a machine that would stand in for it, and in which a controller says whether that may. */
export const HOME_SILENT_MS = 1_000
export const STAND_IN_CONFIRM_MS = 3_000
/** How long it is not looked again whether a home or a controller answers, and how long what was found is believed meanwhile. */
export const BELIEF_MS = 1_000
export const BELIEF_MS_MAX = 5_000

/** Milliseconds that a home gives the machines that have its log to say that there is a later one, when it starts. */
export const HOMES_HEARD_MS = 3_000

/** How often a machine that was a home tries to bring what it had to the next one, and become a standby. */
export const RETIRE_AGAIN_MS = 2_000

/** Bytes of a log that come at once, if they fit no body: one record, and what is sent with it. */
export const LOG_RECORD_BYTES_MAX = 66 * 1024 * 1024

/** How often a machine says to controllers which filesystems it has, until one has heard. */
export const CLAIM_AGAIN_MS = 1_000

/** Milliseconds that what was written on the next home is brought to the one before, and that a process that was asked has to answer. */
export const PROMOTE_SYNC_MS = 2_000
export const ANSWER_FIRST_MS = 50
/** Chunks whose files are looked for when a machine is lost, of one filesystem, and the files that are named. */
export const IF_LOST_CHUNKS_MAX = 262_144
export const IF_LOST_PLACES_MAX = 10

/** How often every byte of a disk is read and verified, and how often it is looked whether it is time. */
export const SCRUB_EVERY_MS = 7 * 86_400_000
export const SCRUB_LOOK_MS = 600_000
/** Bytes of it in a second, and how many times slower it goes while people read or write. */
export const SCRUB_BYTES_PER_SECOND_MIN = 2 ** 20
export const SCRUB_BYTES_PER_SECOND_MAX = 128 * 2 ** 20
export const SCRUB_SLOWED = 2
