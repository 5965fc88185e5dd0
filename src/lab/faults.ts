import { defineFaults } from '#base'

/** What a lab ends with. */
export const labFault = defineFaults({
  /** A wish that cannot be read, or is out of bounds. */
  Invalid: { status: 422, retry: 'never' },
  /** There is no such lab or machine. */
  NotFound: { status: 404, retry: 'never' },
  /** There is such a lab or machine already, or its addresses are taken. */
  Exists: { status: 409, retry: 'never' },
  /** A machine runs, or does not, and should. */
  WrongState: { status: 409, retry: 'never' },
  /** There is no such command in a machine. */
  NoCommand: { status: 404, retry: 'never' },
  /** A program of this machine that labs are made with is missing, or this user may not use it. */
  Missing: { status: 501, retry: 'never' },
  /** A command of this machine failed. */
  Failed: { status: 500, retry: 'never' },
})
