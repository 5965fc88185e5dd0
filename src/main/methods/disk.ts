import { type DiskReport, diskName } from '#cluster'
import { answerUnary, diskAdd, diskDrain, diskList, diskRemove, type DiskRow, type Handler, message } from '#rpc'
import { offersOf } from '../disks/offers.ts'
import { noSuchDisk } from '../disks/refusals.ts'
import { mainFault } from '../faults.ts'
import type { Parts } from './parts.ts'

/** Methods about the disks of a machine: of this one here, whoever asks. */
export function diskMethods(parts: Parts): readonly Handler[] {
  const { disks, diskKeeper, start, peers } = parts
  const rowOf = (report: DiskReport): DiskRow => {
    const at = disks.reports.findIndex(({ id }) => id === report.id)
    return diskRow(report, { name: diskName(peers.machines.own, report, at), isFirst: at === 0 })
  }
  return [
    answerUnary(diskList, async () => {
      const others = disks.reports.slice(1).map(({ path, state }) => ({ path, isThere: state !== 'Missing' }))
      return message({ disks: disks.reports.map(rowOf), offers: await offersOf(start.dataFolder, others) })
    }),
    answerUnary(diskAdd, async ({ path, bytesMax }) => {
      const isFirst = path === start.dataFolder
      const report = isFirst ? await disks.undrainFirst() : await disks.add(path, bytesMax)
      diskKeeper.wake()
      return message(rowOf(report))
    }),
    answerUnary(diskDrain, async ({ id }) => {
      const report = await disks.drain(id)
      diskKeeper.wake()
      return message(rowOf(report))
    }),
    answerUnary(diskRemove, async ({ id, isForced }, { signal }) => {
      const report = disks.reports.find(each => each.id === id)
      if (report === undefined) throw noSuchDisk(id)
      if (!isForced) await refuseAlone(parts, report, signal)
      const row = rowOf(report)
      await disks.remove(row, isForced)
      return message(row)
    }),
  ]
}

/** How a disk is, for people. */
export function diskStateOf({ path, state, isDraining, message: why }: DiskReport): Pick<DiskRow, DiskStateField> {
  const isThere = state === 'Ready' || state === 'Full'
  const said = isThere && isDraining === true ? 'Draining' : state
  return { path, state: said, ...(why === undefined ? {} : { message: why }) }
}

type DiskStateField = 'path' | 'state' | 'message'

function diskRow(report: DiskReport, known: Pick<DiskRow, 'name' | 'isFirst'>): DiskRow {
  const { id, chunks, damaged, usedMiB, freeMiB } = report
  const sizes = { usedBytes: usedMiB * MIB, freeBytes: freeMiB * MIB, totalBytes: (usedMiB + freeMiB) * MIB }
  return { ...known, id, ...diskStateOf(report), chunks, damaged, ...sizes }
}

const MIB = 1024 * 1024

// What was only on a disk that is gone is gone with its record: until then it may come back.
async function refuseAlone({ pool }: Parts, { path, state }: DiskReport, signal: AbortSignal): Promise<void> {
  if (state !== 'Missing' && state !== 'Failing') return
  const { isSafe, sentence, machines } = await pool.status(signal)
  if (isSafe && machines.length > 1) return
  throw mainFault('Busy', `the disk at ${path} may hold what is nowhere else. ${sentence}`, {
    hint: 'Connect it again, wait until all copies are there, or let it go with what is only on it: --force.',
  })
}
