import { defineFaults } from '#base'

/** What can go wrong with a mount as a whole; single operations answer errnos. */
export const fault = defineFaults({
  FuseUnavailable: { status: 503, retry: 'never' },
  MountFailed: { status: 500, retry: 'later' },
  UnmountFailed: { status: 500, retry: 'later' },
  ProtocolTooOld: { status: 501, retry: 'never' },
  TargetInvalid: { status: 400, retry: 'never' },
  CannotResume: { status: 501, retry: 'never' },
  LibraryMissing: { status: 503, retry: 'never' },
})
