import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FaultFs, openFaultFs } from '../../tools/faultfs/faultfs.ts'
import { type Cloud, openCloud } from '../cloud.ts'

/** A Cairn whose chunks and filesystems lie on a disk that fails when it is told to. */
export interface FaultyCloud extends AsyncDisposable {
  readonly cloud: Cloud
  readonly disk: FaultFs
}

/** Starts it. */
export async function openFaultyCloud(): Promise<FaultyCloud> {
  await using opening = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'cairn-disk-'))
  opening.defer(() => rmSync(folder, { recursive: true, force: true }))
  const disk = opening.use(await openFaultFs(`${folder}/disk`, `${folder}/faulty`))
  const cloud = opening.use(await openCloud())
  await cloud.stop()
  for (const name of ['chunks', 'fs']) {
    // Moved below the faulty mount's back; the kernel asks it for names it has not seen.
    renameSync(`${cloud.data}/${name}`, `${folder}/disk/${name}`)
    symlinkSync(`${disk.mount}/${name}`, `${cloud.data}/${name}`)
  }
  await cloud.start()
  const open = opening.move()
  return { cloud, disk, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
