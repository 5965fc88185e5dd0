import { isFault } from '#base'
import { type ApiResource, type Client, clientFault } from '#client'
import { bytesText, isJsonObject, jsonAt, type KubeObject, numberAt, quantityOf, textAt } from '#schema'
import { NODE_SECONDS_MAX } from '../limits.ts'
import { FILESYSTEMS } from './filesystems.ts'

/** Machines, as objects. */
export const NODES: ApiResource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', isNamespaced: false }

/** Disks of machines, as objects. */
export const DISKS: ApiResource = {
  group: 'cairn.dev',
  version: 'v1',
  plural: 'disks',
  kind: 'Disk',
  isNamespaced: false,
}

/** The object of a machine. Faults: NotFound. */
export async function nodeOf(client: Client, name: string, signal: AbortSignal): Promise<KubeObject> {
  const found = await client.find(NODES, { name }, signal)
  if (found !== undefined) return found
  throw clientFault('NotFound', `there is no machine ${name}`, { hint: '`cairn node ls` lists them.' })
}

/** What a machine holds, as objects tell it. */
export interface HeldByNode {
  /** Filesystems whose home it is: their names and attributes are there, and what is small enough to lie among them. */
  readonly homes: readonly string[]
  readonly chunks: number
  readonly bytes: number
  /** For people, such as `900 chunks (1.2Gi)`. */
  readonly text: string
  /** True when nothing is lost without it. */
  readonly isEmpty: boolean
}

/** What a machine holds now. Undefined: no disk of it has said anything yet. */
export async function heldByNode(client: Client, name: string, signal: AbortSignal): Promise<HeldByNode | undefined> {
  const { objects } = await client.listAll(DISKS, {}, signal)
  const disks = objects.filter(disk => textAt(disk, 'spec', 'nodeName') === name && isJsonObject(disk['status']))
  if (disks.length === 0) return undefined
  const chunks = disks.reduce((sum, disk) => sum + (numberAt(disk, 'status', 'chunks') ?? 0), 0)
  const bytes = disks.reduce((sum, disk) => sum + (bytesAt(disk, 'status', 'bytesUsed') ?? 0), 0)
  const filesystems = (await client.listAll(FILESYSTEMS, {}, signal)).objects
  const homes = filesystems.filter(each => textAt(each, 'status', 'home') === name).map(each => each.metadata.name)
  const home = homes.length === 0 ? '' : `, and is the home of ${homes.join(', ')}`
  const text = `${chunks} chunks (${bytesText(String(bytes)) ?? '0'})${home}`
  return { homes, chunks, bytes, text, isEmpty: chunks === 0 && homes.length === 0 }
}

/** The bytes of a quantity of an object; undefined where there is none. */
export function bytesAt(object: KubeObject, ...path: readonly string[]): number | undefined {
  const amount = jsonAt(object, ...path)
  const quantity = amount === undefined ? undefined : quantityOf(amount)
  return quantity === undefined ? undefined : Number(quantity.nanos / 1_000_000_000n)
}

/** Deletes the object of a machine, which takes it out of the cloud, and waits until it is gone. Faults: NotFound, ServiceUnavailable. */
export async function deleteNode(client: Client, { metadata }: KubeObject, signal: AbortSignal): Promise<void> {
  const { name, uid } = metadata
  const going = await client.delete(NODES, { name }, { uid }, signal).catch((error: unknown) => {
    if (!isFault(error, 'NotFound')) throw error
    return undefined
  })
  if (going === undefined) return
  const after = going.metadata.resourceVersion ?? ''
  const wanted = { fields: `metadata.name=${name}`, after, seconds: NODE_SECONDS_MAX }
  for await (const event of client.watch(NODES, wanted, signal)) {
    if (event.kind === 'deleted' && event.object.metadata.uid === uid) return
  }
  throw clientFault('ServiceUnavailable', `the machine ${name} is not out of the cloud yet`, {
    hint: `It will be by itself; see: kubectl describe node ${name}`,
  })
}
