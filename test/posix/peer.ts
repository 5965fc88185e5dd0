// The second process of a case: makes the calls it is sent, one at a time, and answers with their results.
import { SysError } from './sys/index.ts'
import * as sys from './sys/index.ts'
import type { PeerAnswer, PeerCall } from './peer-client.ts'

process.on('message', (call: PeerCall) => {
  process.send?.(answer(call))
})
process.on('disconnect', () => process.exit(0))

function answer({ id, name, args }: PeerCall): PeerAnswer {
  const table: Record<string, unknown> = { ...sys, appendLines, touchBeyondEnd }
  const call = table[name]
  if (typeof call !== 'function') return { id, code: `no call ${name}` }
  try {
    return { id, value: call(...args) }
  } catch (error) {
    if (error instanceof SysError) return { id, code: error.code }
    throw error
  }
}

/** Appends numbered lines to a file, each by one write. */
function appendLines(path: string, tag: string, count: number): void {
  const fd = sys.open(path, sys.O_WRONLY | sys.O_APPEND | sys.O_CREAT)
  for (let line = 0; line < count; line++) sys.write(fd, `${tag} ${line}\n`)
  sys.close(fd)
}

/** Maps two pages of a file and loads from the second: SIGBUS when the file ends in the first. */
function touchBeyondEnd(path: string): number {
  const mapping = sys.mmap(sys.open(path, sys.O_RDONLY), 8192, { protection: sys.PROT_READ })
  return mapping.get(4096, 1).length
}
