import { defineFaults } from '#base'

/** What can go wrong between the machines of a cloud. */
export const clusterFault = defineFaults({
  /** A file in DATA/node is damaged or not what this version reads; the message names it. */
  NodeFile: { status: 500, retry: 'never' },
  /** A map that is older than the one there, or of another cloud. */
  StaleMap: { status: 409, retry: 'reread' },
  /** A map that cannot be read. */
  BadMap: { status: 422, retry: 'never' },
  /** Who asks may not change the record of a filesystem like that. */
  NotHome: { status: 403, retry: 'never' },
  /** Nothing leads to the machine now. */
  NoPath: { status: 503, retry: 'later' },
  /** The certificate of the caller does not let it do this. */
  Forbidden: { status: 403, retry: 'never' },
  /** The machine that calls was removed from the cloud. */
  Removed: { status: 410, retry: 'never' },
  /** Another machine that shows the same name is in the cloud: this one is not let in. */
  Duplicate: { status: 409, retry: 'later' },
  /** The machine called has no control plane. */
  NoController: { status: 503, retry: 'later' },
})
