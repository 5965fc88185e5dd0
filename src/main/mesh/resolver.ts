import fs from 'node:fs'
import { isSystemError } from '#base'
import { withoutNameServer, withNameServer, zonesOf } from '#mesh'
import type { MeshFiles } from './keys.ts'
import { hasProgram, tryProgram } from './programs.ts'

/** How programs of this machine come to ask for names of machines. */
export type NamesBy = 'resolvectl' | 'resolv.conf' | 'none'

/** Where names are to be asked for. */
export interface NamesAt {
  readonly device: string
  readonly address: string
  readonly range: string
  /** People want it in /etc/resolv.conf where nothing better is. */
  readonly isResolvConf: boolean
}

/** Lets programs of this machine ask here for names of machines; answers how. systemd-resolved forgets it with the interface. */
export async function announceNames(
  { device, address, range, isResolvConf }: NamesAt,
  files: MeshFiles,
): Promise<NamesBy> {
  if (fs.existsSync(RESOLVED) && hasProgram('resolvectl')) {
    const zones = zonesOf(range).map(zone => `~${zone}`)
    const told = await tryProgram(['resolvectl', 'dns', device, address])
    const named = told.code === 0 ? await tryProgram(['resolvectl', 'domain', device, ...zones]) : told
    if (named.code === 0) return 'resolvectl'
  }
  if (!isResolvConf) return 'none'
  await files.keepNote({ ...files.note, isResolvConf: true })
  return changeFile(text => withNameServer(text, address)) ? 'resolv.conf' : 'none'
}

/** Takes out of /etc/resolv.conf what this Cairn has put there, also one that was killed. */
export async function retractNames(files: MeshFiles): Promise<void> {
  const { note } = files
  if (!note.isResolvConf) return
  changeFile(withoutNameServer)
  await files.keepNote({ ...note, isResolvConf: false })
}

const RESOLVED = '/run/systemd/resolve'
const RESOLV_CONF = '/etc/resolv.conf'

// In its place: in containers it is a mount of its own, which nothing can be renamed over.
function changeFile(change: (text: string) => string): boolean {
  try {
    const before = fs.existsSync(RESOLV_CONF) ? fs.readFileSync(RESOLV_CONF, 'utf8') : ''
    const after = change(before)
    if (after !== before) fs.writeFileSync(RESOLV_CONF, after)
    return true
  } catch (error) {
    if (!isSystemError(error)) throw error
    return false // it may be read-only
  }
}
