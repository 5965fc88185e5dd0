import { parentPort, workerData } from 'node:worker_threads'
import { writeMessage } from './device.ts'

// Writes notifications and does nothing else. INVAL_INODE waits for pages that a READ has locked, so the thread that
// serves READ must never write one.
const port = parentPort
port?.on('message', (messages: readonly Uint8Array[]) => {
  for (const message of messages) writeMessage(Number(workerData), message)
  port.postMessage(messages.length)
})
