import fs from 'node:fs'
import { isFault, isSystemError } from '#base'
import type { DiskOffer } from '#rpc'
import { isCairnMount, type MachineMount, mountOf } from '../mount-info.ts'
import { type Candidate, checkCandidate } from './candidate.ts'
import { type Machine, thisMachine } from './machine.ts'

/** Mounted disks of this machine that are not used, each with why it is not offered, if it is not. Changes nothing. */
export async function offersOf(
  dataFolder: string,
  others: Candidate['others'],
  machine: Machine = thisMachine,
): Promise<readonly DiskOffer[]> {
  const { mounts } = machine
  const there = others.filter(({ isThere }) => isThere).map(({ path }) => path)
  const seen = new Set([dataFolder, ...there].map(folder => mountOf(folder, mounts)?.device))
  const offers: DiskOffer[] = []
  for (const mount of mounts) {
    if (!mount.source.startsWith('/dev/') || isCairnMount(mount) || seen.has(mount.device)) continue
    const offer = await offerOf(mount, { path: mount.path, isSized: false, dataFolder, others }, machine)
    if (offer === undefined) continue
    seen.add(mount.device)
    offers.push(offer)
  }
  return [...offers, ...swaps()].slice(0, OFFERS_MAX)
}

const OFFERS_MAX = 200

// Undefined: what is mounted is a file, as in containers, or gone.
async function offerOf(mount: MachineMount, candidate: Candidate, machine: Machine): Promise<DiskOffer | undefined> {
  const { path, source } = mount
  try {
    if (!fs.statSync(path).isDirectory()) return undefined
    const { blocks, bsize } = fs.statfsSync(path)
    const offer = { path, source, totalBytes: blocks * bsize }
    const why = await checkCandidate(candidate, machine).then(
      () => undefined,
      (error: unknown) => {
        if (isFault(error)) return error.message
        throw error
      },
    )
    return why === undefined ? offer : { ...offer, why }
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

// proc_swaps(5): name, type, size in KiB.
function swaps(): readonly DiskOffer[] {
  const [, ...lines] = readSwaps().trimEnd().split('\n')
  return lines.flatMap(line => {
    const [source = '', type, size = '0'] = line.split(/\s+/)
    if (type !== 'partition') return []
    return [{ path: '-', source, totalBytes: Number(size) * 1024, why: 'the system swaps to it' }]
  })
}

function readSwaps(): string {
  try {
    return fs.readFileSync('/proc/swaps', 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return '' // a kernel without swap
    throw error
  }
}
