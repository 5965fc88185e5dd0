import type { Log } from '#base'

/** Writes one line per event to standard error: time, level, message, then fields as JSON. */
export const machineLog: Log = {
  info: (message, fields) => line('info', message, fields),
  warn: (message, fields) => line('warn', message, fields),
}

function line(level: string, message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
  const rest = fields === undefined ? '' : ` ${JSON.stringify(fields)}`
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}${rest}\n`)
}
