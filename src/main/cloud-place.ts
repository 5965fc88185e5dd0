import fs from 'node:fs'
import { type Disk, isFault } from '#base'
import { type NodeIdentity, nodeFolderOf, readMap, readNodeFiles, readSmallFile } from '#cluster'

/** What a machine is in its cloud, and who controls that, as it heard last. */
export type CloudPlace = NodeIdentity & { readonly controllers: readonly string[] }

/** The place of a machine in its cloud; undefined before its first start. Faults: those of {@link memberOf}. */
export function cloudOf(disk: Disk, dataFolder: string): CloudPlace | undefined {
  const node = memberOf(disk, dataFolder)
  return node === undefined ? undefined : { ...node, controllers: controllersOf(disk, dataFolder) }
}

/**
 * What the machine of a data folder is; undefined before its first start. Faults: NodeFile, but not where the control plane is,
 * which makes anew what is damaged.
 */
export function memberOf(disk: Disk, dataFolder: string): NodeIdentity | undefined {
  try {
    return readNodeFiles(disk, dataFolder)?.node
  } catch (error) {
    const hasControl = fs.existsSync(`${dataFolder}/control`) || fs.existsSync(`${dataFolder}/keyspace.json`)
    if (!isFault(error, 'NodeFile') || !hasControl) throw error
    return undefined
  }
}

/** A cloud as people see it: the beginning of its authority's fingerprint tells it from others. */
export function shortCloud(cloud: string): string {
  return cloud.slice(0, SHOWN_CHARACTERS)
}

const SHOWN_CHARACTERS = 8

function controllersOf(disk: Disk, dataFolder: string): readonly string[] {
  try {
    const text = readSmallFile(disk, `${nodeFolderOf(dataFolder)}/map.json`)
    const { machines } = readMap(new TextEncoder().encode(text ?? ''))
    return machines.filter(({ role }) => role === 'controller').map(({ name }) => name)
  } catch (error) {
    if (!isFault(error, 'BadMap')) throw error
    return [] // alone, or damaged: storage says so
  }
}
