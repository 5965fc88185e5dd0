import { parentPort, workerData } from 'node:worker_threads'
import { isSystemError } from '#base'
import { writeMessage } from './device.ts'

// Writes notifications and does nothing else. INVAL_INODE waits for pages that a READ has locked, so the thread that
// serves READ must never write one.
const port = parentPort
port?.on('message', (messages: readonly Uint8Array[]) => {
  for (const message of messages) tell(message)
  port.postMessage(messages.length)
})

// The kernel refuses what it does not cache, or caches as something else by now: then there is nothing to drop.
function tell(message: Uint8Array): void {
  try {
    writeMessage(Number(workerData), message)
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}
