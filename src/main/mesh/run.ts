import { flushCompileCache } from 'node:module'
import { isFault, type World, whyOf } from '#base'
import { faultHead } from '#rpc'
import { mainFault } from '../faults.ts'
import { waitForLock } from '../process-lock.ts'
import { limitOrphan } from '../storage/orphan.ts'
import { InterfaceMesh } from './interface-mesh.ts'
import { MeshInterface, removeLeftover } from './interface.ts'
import { MeshFiles } from './keys.ts'
import { openMeshLink } from './link.ts'
import { Mesh } from './mesh.ts'
import { retractNames } from './resolver.ts'
import { providerOf } from './words.ts'

/**
 * The mesh process: makes WireGuard on this machine as the map wants it, and takes it away when it is told to stop. No data
 * goes through it, and what it has made works on while it is started again.
 */
export async function runMesh(world: World): Promise<void> {
  process.umask(0o077)
  const link = openMeshLink()
  const { dataFolder, words, work } = await link.start
  using _limit = limitOrphan(link.gone, world, () => process.exit(1))
  try {
    const fault = (message: string) => mainFault('MeshProcess', message)
    using _lock = await waitForLock({ file: `${dataFolder}/mesh.lock`, stop: link.stop, fault }, world)
    const files = new MeshFiles(world, dataFolder)
    const key = await files.key()
    await retractNames(files) // of a process before that was killed
    const provider = providerOf(words)
    if (work === 'clean' || provider.kind !== 'wireguard') await removeLeftover({ world, files, key })
    const { isResolvConf, range } = words
    const ready = () => {
      link.tell({ kind: 'ready' })
      flushCompileCache()
    }
    if (work === 'serve' && provider.kind === 'interface') {
      await using _mesh = new InterfaceMesh({ world, dataFolder, files, name: provider.name, isResolvConf })
      ready()
      await link.stop
    } else if (work === 'serve') {
      const device = await MeshInterface.open({ world, files, key })
      {
        await using mesh = new Mesh({ world, dataFolder, files, device, range, isResolvConf })
        ready()
        const gone = mesh.gone.then(() => {
          throw mainFault('MeshProcess', `the interface ${device.name} is gone`)
        })
        await Promise.race([link.stop, gone])
      }
      await device.close()
    }
    link.tell({ kind: 'ready' })
  } catch (error) {
    if (!isFault(error)) world.log.warn('the mesh process broke', { error: whyOf(error) })
    link.tell({ kind: 'failed', fault: faultHead(error) })
    process.exitCode = 1
  }
  // The channel keeps the process alive: what was told is on its way when this returns.
  if (process.connected) process.disconnect()
}
