/** Milliseconds of long work, such as on a list, before others on the same event loop get a turn. */
export const TURN_MS = 2
