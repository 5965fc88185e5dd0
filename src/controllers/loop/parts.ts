import type { World } from '#base'
import type { Client, Informers } from '#client'
import type { EventRecorder } from '../events/recorder.ts'

/** What controllers work with. */
export interface ControllerParts {
  readonly client: Client
  readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
  /** Whole objects, one watch for each resource. */
  readonly informers: Informers
  readonly events: EventRecorder
}
