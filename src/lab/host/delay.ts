// Carries frames between two TAP devices that it makes, each so many milliseconds late: `delay.ts ONE OTHER MS`. Kernels
// without netem have nothing that does this. It says `ready` on its output when the devices are there, and they go with it.
import fs from 'node:fs'
import { DELAYED_FRAMES_MAX, FRAME_BYTES_MAX } from '../limits.ts'
import { openTap } from './tap.ts'

const [one = '', other = '', ms = ''] = process.argv.slice(2)
const left = openTap(one)
const right = openTap(other)
carry(left, right)
carry(right, left)
process.stdout.write('ready\n')

interface Late {
  readonly dueMs: number
  readonly frame: Buffer
}

function carry(from: number, to: number): void {
  const waiting: Late[] = []
  let timer: NodeJS.Timeout | undefined
  const release = () => {
    timer = undefined
    const nowMs = performance.now()
    while (waiting[0] !== undefined && waiting[0].dueMs <= nowMs) send(to, waiting.shift()?.frame)
    if (waiting[0] !== undefined) timer = setTimeout(release, Math.max(1, waiting[0].dueMs - nowMs))
  }
  const next = () => {
    const frame = Buffer.allocUnsafe(FRAME_BYTES_MAX)
    fs.read(from, frame, 0, FRAME_BYTES_MAX, null, (error, bytes) => {
      if (error !== null) return process.exit(1)
      // More than that are dropped, as a router with a full queue does.
      if (waiting.length < DELAYED_FRAMES_MAX) {
        waiting.push({ dueMs: performance.now() + Number(ms), frame: Buffer.from(frame.subarray(0, bytes)) })
      }
      timer ??= setTimeout(release, Number(ms))
      next()
    })
  }
  next()
}

function send(to: number, frame: Buffer | undefined): void {
  if (frame === undefined) return
  try {
    fs.writeSync(to, frame)
  } catch {
    // The device is down: what is sent now is lost, as on a cut cable.
  }
}
