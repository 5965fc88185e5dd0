import { type Change, type Informer, placeKey } from '#client'
import type { KubeObject } from '#schema'
import type { Controller } from './controller.ts'

/** Adds a key for each object of an informer, and for each that changes: its own place when `keysOf` is left out. */
export function feed(
  controller: Controller,
  informer: Informer,
  keysOf: (object: KubeObject, change: Change) => readonly string[] = ({ metadata }) => [placeKey(metadata)],
): void {
  const listening = informer.listen(change => {
    for (const key of keysOf(change.now ?? change.before, change)) controller.add(key)
  })
  controller.use(listening)
}
