import type { JsonObject } from '#schema'

/** What a Status says beside reason and message: the cause of a fault that has such. */
export class StatusMore {
  readonly details: JsonObject | undefined
  readonly metadata: JsonObject

  constructor({ details, metadata = {} }: { readonly details?: JsonObject; readonly metadata?: JsonObject }) {
    this.details = details
    this.metadata = metadata
  }
}
