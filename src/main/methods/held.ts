/** What a filesystem holds, for people, such as `3.2 GiB in 12 files`. */
export function heldText({
  bytesUsed,
  inodesUsed,
}: {
  readonly bytesUsed: number
  readonly inodesUsed: number
}): string {
  const files = inodesUsed === 1 ? '1 file' : `${inodesUsed} files and directories`
  let rest = bytesUsed
  let power = 0
  for (; rest >= 1023.95 && power < UNITS.length - 1; power += 1) rest /= 1024
  return `${power === 0 ? rest : rest.toFixed(1)} ${UNITS[power] ?? ''} in ${files}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
