const QUIET = '--disable-warning=ExperimentalWarning'

/** What Node is told of each process that runs for long. What is compiled is kept for each of these apart. */
export const FLAGS = {
  // One thread for V8 and little room for young objects: the supervisor waits nearly all the time.
  supervise: [QUIET, '--v8-pool-size=1', '--max-semi-space-size=1'],
  mesh: [QUIET, '--v8-pool-size=1', '--max-semi-space-size=1'],
  // Room for young objects is given back once the process is idle; half of it made half as many collections again, and objects of
  // requests under way grew old. A helper of theirs that waits for a processor makes everybody wait. The old objects may grow by
  // 60 % between two collections, where V8 lets them grow fourfold: after 7,000 writes that is 110 MB less for a tenth of the time.
  control: [QUIET, '--max-semi-space-size=8', '--no-parallel-scavenge', '--heap-growing-percent=60', '--expose-gc'],
  // V8 counts buffers outside its heap as growth of it, and the heap is small: without room to grow a transfer spends half of
  // its time in collections. What is left of it goes once the process is idle.
  storage: [QUIET, '--max-semi-space-size=8', '--heap-growing-percent=300', '--expose-gc'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** A process that runs for long. */
export type ProcessKind = keyof typeof FLAGS
