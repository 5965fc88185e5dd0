const afar = new WeakSet<Request>()

/** Notes that a request comes from another machine. */
export function comesFromAfar(request: Request): void {
  afar.add(request)
}

/** True for a request of which {@link comesFromAfar} was said. */
export function isFromAfar(request: Request): boolean {
  return afar.has(request)
}

/** True for an address of the machine itself. */
export function isLoopback(address: string | undefined): boolean {
  return address === undefined || address === '::1' || /^(?:::ffff:)?127\./.test(address)
}
