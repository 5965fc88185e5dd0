import type { Retry } from '#base'
import type { RestoredState, RowBlock } from '../row-index.ts'
import type { StoredState } from './writer.ts'

/** What the writer's thread is started with. */
export interface WriterPlace {
  readonly folder: string
  readonly keepHistory: boolean
}

/** A call of one method of the writer. */
export type WriterCall =
  | { readonly method: 'apply'; readonly records: Uint8Array }
  | { readonly method: 'compact'; readonly revision: number }
  | { readonly method: 'dump'; readonly after: string | undefined }
  | { readonly method: 'load'; readonly block: Uint8Array; readonly state: RestoredState | undefined }
  | { readonly method: 'verify'; readonly after: string | undefined }
  | { readonly method: 'giveBack' }
  | { readonly method: 'close'; readonly clean: boolean }

/** What the writer's methods return; each call has one kind of it. */
export type WriterValue = undefined | boolean | RowBlock | string

/** A fault on its way between threads. */
export interface FaultMessage {
  readonly code: string
  readonly status: number
  readonly retry: Retry
  readonly message: string
  readonly hint: string | undefined
}

/** The answer to the oldest unanswered call; the first answer says that the writer is open. */
export type WriterAnswer =
  | { readonly ok: true; readonly value: WriterValue; readonly state: StoredState; readonly clean: boolean }
  | { readonly ok: false; readonly fault: FaultMessage }
