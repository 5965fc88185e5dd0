import type { Caller } from '#identity'

/**
 * A request that this process makes itself: `app.fetch(request, new LocalConnection(caller))`. Nothing that comes over the
 * network has this class, so its caller is believed; RBAC decides as for everybody.
 */
export class LocalConnection {
  readonly caller: Caller

  constructor(caller: Caller) {
    this.caller = caller
  }
}
