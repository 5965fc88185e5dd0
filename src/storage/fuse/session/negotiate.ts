import { BODY, PAYLOAD } from '../codec/header.ts'
import { INIT, INIT2, PROTOCOL } from '../codec/flags.ts'
import { INIT_OUT } from '../codec/replies.ts'
import { INIT_IN, INIT_IN_EXT } from '../codec/requests.ts'
import { fault } from '../faults.ts'
import { BACKGROUND_REQUESTS_MAX, CONGESTION_THRESHOLD, TRANSFER_BYTES_MAX, TRANSFER_PAGES_MAX } from '../limits.ts'

/**
 * What was agreed with the kernel at INIT, as JSON. The mount keeps it for life, so whoever keeps the descriptor
 * across a restart of this process keeps this too.
 */
export interface Negotiated {
  readonly version: 1
  readonly minor: number
  /** First word of the flags both sides have. */
  readonly flags: number
  readonly flags2: number
}

/** True when another server can take over the mount: the kernel sends open requests again, as it does from 6.9 on. */
export function canResume({ flags2 }: Negotiated): boolean {
  return (flags2 & INIT2.HAS_RESEND) !== 0
}

/** What the kernel says at INIT. */
export interface Offer extends Negotiated {
  readonly maxReadahead: number
}

/** Reads an INIT request. Faults: ProtocolTooOld. */
export function readOffer(bytes: Uint8Array): Offer {
  const init = INIT_IN.read(bytes, BODY)
  if (init.major !== PROTOCOL.major || init.minor < PROTOCOL.minorMin) {
    const wanted = `${PROTOCOL.major}.${PROTOCOL.minorMin}`
    throw fault('ProtocolTooOld', `the kernel speaks FUSE ${init.major}.${init.minor}; ${wanted} or newer is needed`, {
      hint: 'Use Linux 5.4 or newer.',
    })
  }
  const extended = (init.flags & INIT.INIT_EXT) !== 0
  const flags2 = extended ? INIT_IN_EXT.read(bytes, BODY + INIT_IN.size).flags2 : 0
  return { version: 1, minor: init.minor, flags: init.flags, flags2, maxReadahead: init.maxReadahead }
}

/** What is known of the files a kernel is to show. */
export interface Agreeing {
  /** Nobody else ever changes them, so it may cache writes, and keep locks. */
  readonly singleMachine: boolean
  /** It keeps locks. */
  readonly kernelLocks?: boolean | undefined
}

/** Chooses from what the kernel offers. */
export function agree(offer: Offer, { singleMachine, kernelLocks = singleMachine }: Agreeing): Negotiated {
  const caching = singleMachine ? INIT.WRITEBACK_CACHE : 0
  const wanted = WANTED | caching | (kernelLocks ? 0 : INIT.POSIX_LOCKS | INIT.FLOCK_LOCKS)
  return {
    version: 1,
    minor: Math.min(offer.minor, PROTOCOL.minor),
    flags: (offer.flags & wanted) >>> 0,
    flags2: (offer.flags2 & WANTED2) >>> 0,
  }
}

/**
 * Left out on purpose: AUTO_INVAL_DATA (our own writes would drop the page cache; changes from elsewhere are notified),
 * READDIRPLUS_AUTO (a listing with attributes costs no more messages, and stat of what was listed 50 times less),
 * EXPORT_SUPPORT, splicing, passthrough (it skips verification). OPEN stays a message: it is where close-to-open
 * and O_TRUNC happen. OPENDIR does not: listings are cached until they change or a notification drops them.
 */
const WANTED =
  INIT.ASYNC_READ |
  INIT.ATOMIC_O_TRUNC |
  INIT.BIG_WRITES |
  INIT.DONT_MASK |
  INIT.DO_READDIRPLUS |
  INIT.ASYNC_DIO |
  INIT.PARALLEL_DIROPS |
  INIT.POSIX_ACL |
  INIT.MAX_PAGES |
  INIT.CACHE_SYMLINKS |
  INIT.NO_OPENDIR_SUPPORT |
  INIT.EXPLICIT_INVAL_DATA |
  INIT.HANDLE_KILLPRIV_V2 |
  INIT.SETXATTR_EXT |
  INIT.INIT_EXT
const WANTED2 = INIT2.NO_EXPORT_SUPPORT | INIT2.HAS_RESEND

/** Writes the payload of the INIT reply. */
export function writeInitOut(out: Uint8Array, agreed: Negotiated, maxReadahead: number): number {
  INIT_OUT.write(
    out,
    {
      major: PROTOCOL.major,
      minor: agreed.minor,
      maxReadahead,
      flags: agreed.flags,
      maxBackground: BACKGROUND_REQUESTS_MAX,
      congestionThreshold: CONGESTION_THRESHOLD,
      maxWrite: TRANSFER_BYTES_MAX,
      timeGran: 1,
      maxPages: TRANSFER_PAGES_MAX,
      mapAlignment: 0,
      flags2: agreed.flags2,
      maxStackDepth: 0,
      requestTimeout: 0,
      unused: new Uint8Array(22),
    },
    PAYLOAD,
  )
  return INIT_OUT.size
}
