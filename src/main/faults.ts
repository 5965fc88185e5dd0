import { defineFaults } from '#base'

/** What can go wrong when a Cairn is started, run and asked on one machine. */
export const mainFault = defineFaults({
  /** Another Cairn runs on the data folder. */
  AlreadyRunning: { status: 409, retry: 'never' },
  /** The data folder cannot be used as it is. */
  DataFolder: { status: 422, retry: 'never' },
  /** The data was written by a newer Cairn. */
  DataNewer: { status: 409, retry: 'never' },
  /** The storage process ended or did not come up. */
  StorageProcess: { status: 500, retry: 'later' },
  /** The control process ended or did not come up. */
  ControlProcess: { status: 500, retry: 'later' },
  /** The mesh process ended or did not come up. */
  MeshProcess: { status: 500, retry: 'later' },
  /** The API cannot listen where it should. */
  Listen: { status: 409, retry: 'never' },
  /** The master key is missing or is of another Cairn. */
  MasterKey: { status: 422, retry: 'never' },
  /** A file that etcd is reached with is of no use; the message names it. */
  KeyspaceFile: { status: 422, retry: 'never' },
  /** Writers wait while the control plane is moved to another keyspace. */
  Moving: { status: 503, retry: 'later' },
  /** A certificate that its signer does not grant. */
  SigningRefused: { status: 400, retry: 'never' },
  /** A token that lets no machine in: unknown, expired, used up, or for something else. */
  TokenRefused: { status: 401, retry: 'never' },
  /** A machine that asked without a token was not confirmed in time, or was refused. */
  NotConfirmed: { status: 403, retry: 'never' },
  /** No machine of the cloud lets this one in. */
  CloudUnreachable: { status: 503, retry: 'later' },
  /** The machine a filesystem lives on does not answer. */
  HomeUnreachable: { status: 503, retry: 'later' },
  RootsMissing: { status: 503, retry: 'later' },
  /** Another machine is the home of a filesystem by now. */
  OldEpoch: { status: 409, retry: 'never' },
  /** Who says that it is the home is not known to be. */
  HomeUnknown: { status: 409, retry: 'later' },
  /** The machine that shall be the home does not have everything that was acknowledged. */
  NotInSync: { status: 409, retry: 'never' },
  /** It is done on the machine the filesystem lives on. */
  HomeElsewhere: { status: 409, retry: 'never' },
  /** Clocks of two machines differ so much that neither can know what is newer. */
  ClockSkew: { status: 409, retry: 'never' },
  /** The machine was removed from its cloud. */
  Removed: { status: 410, retry: 'never' },
  /** The data folder belongs to a cloud already. */
  Belongs: { status: 409, retry: 'never' },
  /** This controller stands by: the control plane is on another. */
  NotHere: { status: 503, retry: 'later' },
  /** A program that is needed is not installed. */
  Missing: { status: 501, retry: 'never' },
  /** A name or parameter that cannot be accepted. */
  Invalid: { status: 422, retry: 'never' },
  NotFound: { status: 404, retry: 'never' },
  /** Something is in the place already. */
  Occupied: { status: 409, retry: 'never' },
  /** Something on the way is no directory, or is one where none may be. */
  WrongKind: { status: 409, retry: 'never' },
  /** A symlink that leads nowhere inside its filesystem. */
  Symlink: { status: 409, retry: 'never' },
  NotEmpty: { status: 409, retry: 'never' },
  /** More is held than a limit would allow. */
  BelowUse: { status: 409, retry: 'never' },
  /** A program still uses a mount. */
  Busy: { status: 409, retry: 'later' },
  /** What was read back is not what was sent. */
  Damaged: { status: 500, retry: 'later' },
  NoSpace: { status: 507, retry: 'later' },
  /** A filesystem answered an error number. */
  Filesystem: { status: 500, retry: 'never' },
  /** Named in the interface, not spoken by this version. */
  Unsupported: { status: 501, retry: 'never' },
})
