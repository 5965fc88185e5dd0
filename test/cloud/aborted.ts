// A test process that is ended before its time, by the runner or by Ctrl-C, takes with it what it started.
const ends = new Set<() => void>()
process.on('exit', () => {
  for (const end of [...ends].reverse()) end()
})
for (const [name, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.on(name, () => process.exit(128 + number))
}

/** Runs `end`, which may not wait, when this process ends before the answer is disposed. The last one comes first. */
export function whenAborted(end: () => void): Disposable {
  ends.add(end)
  return { [Symbol.dispose]: () => void ends.delete(end) }
}
