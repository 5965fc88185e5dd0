import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { machineLog } from '#host'
import { openFuseSession, raiseReadahead } from '#storage/fuse'
import { MemoryVfs } from './memory-vfs.ts'

// A server process for tests: serves the mount whose descriptor it inherits as 3, and takes orders over IPC.
const {
  resumed = false,
  state,
  target = '',
  save,
  durable = false,
  singleMachine = false,
  slow = true,
} = JSON.parse(process.argv[2] ?? '{}')
const vfs = new MemoryVfs()
vfs.slow = slow
if (resumed && existsSync(save)) vfs.load(save)
else if (durable) vfs.save(save)
vfs.onChange = name => {
  if (durable) vfs.save(save)
  // Dies with the change made and the request not answered.
  if (!resumed && name.startsWith('deadly')) process.kill(process.pid, 'SIGKILL')
}

const session = await openFuseSession({
  fd: 3,
  vfs,
  log: machineLog,
  resumed,
  singleMachine,
  negotiated: resumed && existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : undefined,
  onNegotiated: negotiated => {
    if (state !== undefined) writeFileSync(state, JSON.stringify(negotiated))
    raiseReadahead(target)
    process.send?.('ready')
  },
})
if (resumed && existsSync(state)) process.send?.('ready')

let release = (): void => {}
process.on('message', ([order, ...words]: string[]) => {
  if (order === 'change') vfs.changeElsewhere(words[0] ?? '', words[1] ?? '')
  if (order === 'remove') vfs.removeElsewhere(words[0] ?? '')
  if (order === 'save') vfs.save(save)
  if (order === 'stick') {
    vfs.stuck = new Promise(resolve => {
      release = resolve
    })
  }
  if (order === 'release') release()
  process.send?.(order)
})

await session.ended
process.exit()
