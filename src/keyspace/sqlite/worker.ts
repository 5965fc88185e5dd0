import { parentPort, workerData } from 'node:worker_threads'
import { assert, isFault, unreachable } from '#base'
import type { FaultMessage, WriterAnswer, WriterCall, WriterPlace, WriterValue } from './message.ts'
import { guarded } from './schema.ts'
import { IndexWriter } from './writer.ts'

// The thread of the index's writer: answers calls one by one, in order.
const port = parentPort
assert(port !== null, 'the writer runs in a thread of its own')
const place: WriterPlace = workerData
let writer: IndexWriter | undefined

answer(() => {
  writer = new IndexWriter(place.folder, place.keepHistory)
  return undefined
})
port.on('message', (call: WriterCall) => {
  answer(() => run(call))
  if (call.method === 'close') port.close()
})

function run(call: WriterCall): WriterValue {
  assert(writer !== undefined, 'the writer is open')
  switch (call.method) {
    case 'apply':
      writer.apply(call.records)
      return undefined
    case 'compact':
      return writer.compact(call.revision)
    case 'dump':
      return writer.dump(call.after)
    case 'load':
      writer.load(call.block, call.state)
      return undefined
    case 'verify':
      return writer.verify(call.after)
    case 'giveBack':
      writer.giveBack()
      globalThis.gc?.({ type: 'major', flavor: 'last-resort' })
      return undefined
    case 'close':
      writer.close(call.clean)
      return undefined
    default:
      return unreachable(call)
  }
}

function answer(work: () => WriterValue): void {
  try {
    const value = guarded(work)
    assert(writer !== undefined, 'the writer is open')
    post({ ok: true, value, state: writer.state, clean: writer.clean })
  } catch (error) {
    post({ ok: false, fault: faultMessage(error) })
  }
}

function post(message: WriterAnswer): void {
  port?.postMessage(message)
}

function faultMessage(error: unknown): FaultMessage {
  assert(isFault(error), 'the writer throws faults')
  const { code, status, retry, message, hint } = error
  return { code, status, retry, message, hint }
}
