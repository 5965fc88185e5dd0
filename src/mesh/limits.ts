/** The range of IPv4 addresses that machines have unless people choose another. */
export const DEFAULT_RANGE = '10.44.0.0/16'
/** Bits of a range of IPv4: room for 1,000 machines, twice. */
export const RANGE_BITS_MIN = 8
export const RANGE_BITS_MAX = 21

/** Where WireGuard listens, when it is free. */
export const WIREGUARD_PORT = 51_820
/** Where machines answer how far they are, on the mesh. */
export const ECHO_PORT = 51_821

/** Seconds after which who is behind a router says something, so that the router remembers. */
export const KEEPALIVE_SECONDS = 25
/** Machines of a cloud up to which each keeps all its ways open; in a larger one those to controllers and what is used. */
export const KEPT_OPEN_MAX = 32
/** Machines that are measured besides those in use. */
export const MEASURED_MAX = 16
/** How often ways are measured that are well, and those that are not. */
export const MEASURE_MS = 15_000
export const MEASURE_SOON_MS = 1_000
/** How long an echo may take. */
export const ECHO_MS = 2_000
/** Echoes that are remembered: loss is counted of these. */
export const ECHOES_KEPT = 20
/** Echoes lost one behind the other after which a way is broken. */
export const LOST_MAX = 3
/** Echoes answered one behind the other after which a way that was broken is well. */
export const ANSWERED_MIN = 2

/** How long one endpoint is tried before the next, while ways are sought and later on. */
export const TRY_MS = 1_500
export const TRY_LATER_MS = 15_000
/** How long only direct ways are sought before a relay is taken. */
export const DIRECT_FIRST_MS = 6_000
/** How long all endpoints are tried quickly. */
export const TRY_QUICKLY_MS = 30_000
/** How long a relay may take to carry, and how long one is left alone that did not. */
export const RELAY_MS = 10_000
export const RELAY_AGAIN_MS = 60_000
/** Endpoints of one machine that are tried. */
export const CANDIDATES_MAX = 12

/** Seconds after a handshake for which a session counts as one (reject after time, WireGuard's paper, 6.1). */
export const SESSION_SECONDS = 180

/** Machines told of in one message between machines, and addresses at which one was seen. */
export const TOLD_MAX = 64
export const SEEN_MAX = 4
