import fs from 'node:fs'

/**
 * Decides what follows when standard output or error cannot be written. A reader that has gone, or a terminal, is
 * nothing to tell anybody. Otherwise, as on a full disk, a command says so and ends with exit code 1; a service goes on.
 */
export function guardOutput(isService: boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', error => {
      if (isService || ('code' in error && (error.code === 'EPIPE' || error.code === 'EIO'))) return
      tell(`error: the output cannot be written: ${error.message}\nhint: Make room there, or write to another place.\n`)
      process.exit(1)
    })
  }
}

function tell(line: string): void {
  try {
    fs.writeSync(2, line)
  } catch {
    // Standard error is what cannot be written: the exit code has to do.
  }
}
