let done = 0

/** Counts the steps that matching has taken, so that whoever lets people choose patterns and texts can make them count. */
export function worked(steps: number): void {
  done += steps
}

/** All steps that matching has taken so far. */
export function workDone(): number {
  return done
}
