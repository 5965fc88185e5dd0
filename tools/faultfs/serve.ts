// node tools/faultfs/serve.ts FOLDER MOUNT: serves a folder at a mount; takes the rules of faults over IPC.
import { machineLog } from '#host'
import { mountFuse, openFuseSession } from '#storage/fuse'
import { PassThrough } from './pass-through.ts'
import { type FaultRule, FaultRules } from './rules.ts'

const [folder = '', target = ''] = process.argv.slice(2)
const rules = new FaultRules()
const { fd } = await mountFuse({ target, source: 'faultfs' })
process.on('message', (wanted: readonly FaultRule[]) => {
  const { failed } = rules
  rules.set(wanted)
  rules.failed = 0
  process.send?.({ failed })
})
const session = await openFuseSession({
  fd,
  vfs: new PassThrough(folder, rules),
  log: machineLog,
  kernelLocks: true,
  onNegotiated: () => process.send?.('ready'),
})
await session.ended
process.exit()
