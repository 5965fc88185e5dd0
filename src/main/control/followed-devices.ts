import type { ObjectStore } from '#api'
import { isFault, type World, whyOf } from '#base'
import { DEVICE_USER } from '#identity'
import { isJsonObject, type KubeObject, jsonAt, RESOURCES, textAt } from '#schema'
import { DEVICE_SEEN_MS } from '../limits.ts'
import { FollowedObjects, type FollowsObjects } from './followed-objects.ts'

/** The records of devices in memory, followed by a watch; a device without one is let in nowhere. */
export class FollowedDevices implements AsyncDisposable {
  readonly #store: ObjectStore
  readonly #world: World
  readonly #stack = new AsyncDisposableStack()
  /** By name; in several namespaces there may be one each. */
  readonly #records = new Map<string, readonly KubeObject[]>()
  readonly #seenMs = new Map<string, number>()
  readonly #noting = new Set<Promise<void>>()
  #gone: (user: string) => void = () => undefined

  /** Resolves when all are known. */
  static async open(store: ObjectStore, world: World): Promise<FollowedDevices> {
    const devices = new FollowedDevices(store, world)
    devices.#stack.use(await FollowedObjects.open({ store, world, resource: DEVICES, into: devices.#into() }))
    return devices
  }

  private constructor(store: ObjectStore, world: World) {
    this.#store = store
    this.#world = world
  }

  /** True when there is a record of it. */
  has(hash: string): boolean {
    return this.#records.has(nameOf(hash))
  }

  /** Notes on its record that a device was here, at most once a minute. */
  seen(hash: string): void {
    const [device] = this.#records.get(nameOf(hash)) ?? []
    if (device === undefined) return
    const nowMs = Number(this.#world.clock.wallNs() / 1_000_000n)
    const noted = Date.parse(textAt(device, 'status', 'lastSeen') ?? '')
    const lastMs = Math.max(this.#seenMs.get(nameOf(hash)) ?? 0, Number.isNaN(noted) ? 0 : noted)
    if (Math.abs(nowMs - lastMs) < DEVICE_SEEN_MS) return
    this.#seenMs.set(nameOf(hash), nowMs)
    const done = this.#note(device, nowMs).finally(() => this.#noting.delete(done))
    this.#noting.add(done)
  }

  /** `run` is called when the last record of a device has gone, with the name of its user. */
  onGone(run: (user: string) => void): void {
    this.#gone = run
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
    await Promise.all(this.#noting)
  }

  async #note(device: KubeObject, nowMs: number): Promise<void> {
    const before = jsonAt(device, 'status')
    const lastSeen = `${new Date(nowMs).toISOString().slice(0, 19)}Z`
    const status = { ...(isJsonObject(before) ? before : {}), lastSeen }
    try {
      await this.#store.replace(DEVICES, device, { ...device, status }, new AbortController().signal)
    } catch (error) {
      // Somebody changed it meanwhile: the next minute is as good.
      if (!isFault(error, 'Conflict')) this.#world.log.warn('a device was seen, but not noted', { why: whyOf(error) })
    }
  }

  #into(): FollowsObjects {
    return {
      reset: devices => {
        const before = [...this.#records.keys()]
        this.#records.clear()
        for (const device of devices) this.#put(device)
        for (const name of before) if (!this.#records.has(name)) this.#forget(name)
      },
      put: device => this.#put(device),
      remove: ({ metadata: { name, namespace } }) => {
        const rest = (this.#records.get(name) ?? []).filter(({ metadata }) => metadata.namespace !== namespace)
        if (rest.length > 0) this.#records.set(name, rest)
        else this.#forget(name)
      },
      changed: () => undefined,
    }
  }

  #put(device: KubeObject): void {
    const { name, namespace } = device.metadata
    const others = (this.#records.get(name) ?? []).filter(({ metadata }) => metadata.namespace !== namespace)
    this.#records.set(name, [device, ...others])
  }

  #forget(name: string): void {
    this.#records.delete(name)
    this.#seenMs.delete(name)
    this.#gone(`${DEVICE_USER}${name.slice(nameOf('').length)}`)
  }
}

/** The kind of devices. */
export const DEVICES = RESOURCES.find(({ group, kind }) => group === 'nanocloud.io' && kind === 'Device') ?? missing()

function missing(): never {
  throw new Error('Device is a kind')
}

function nameOf(hash: string): string {
  return `device-${hash}`
}
