import { defineFaults } from '#base'

/** What a person can get wrong, or a local file can do, on the command line. */
export const cliFault = defineFaults({
  /** A word or option that cannot be meant; exit code 2. */
  Usage: { status: 400, retry: 'never' },
  /** What a word names is not there. */
  Unknown: { status: 404, retry: 'never' },
  /** What was shown to a server does not hold there. */
  Refused: { status: 401, retry: 'never' },
  /** Something local is not there, not readable or not what it should be. */
  Local: { status: 422, retry: 'never' },
  /** A local file changed while it was read. */
  Changed: { status: 409, retry: 'later' },
  /** What arrived is not what was sent. */
  Damaged: { status: 500, retry: 'later' },
  /** Some of many files could not be transferred. */
  Incomplete: { status: 500, retry: 'later' },
  /** Cairn does not run. */
  NotRunning: { status: 503, retry: 'never' },
  /** Cairn runs and does not answer. */
  NotReady: { status: 503, retry: 'later' },
  /** Something doctor looked at is broken. */
  Unwell: { status: 500, retry: 'never' },
})
