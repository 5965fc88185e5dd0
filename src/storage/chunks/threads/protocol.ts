import type { Hashed, HashJob, ReadJob, VerifyJob, WriteJob } from '../workers.ts'

/** What a thread is asked to do. */
export type Job =
  | ({ readonly kind: 'hash' } & HashJob)
  | ({ readonly kind: 'write' } & WriteJob)
  | ({ readonly kind: 'read' } & ReadJob)
  | ({ readonly kind: 'verify' } & VerifyJob)
  | { readonly kind: 'forget'; readonly path: string }

/** What it answers: a name, checks, a verdict, or nothing. */
export type Answer = Hashed | Uint8Array | boolean | undefined

/** A message to a thread. */
export interface Request {
  readonly id: number
  readonly job: Job
}

/** A message from a thread. Errors of the system keep their code. */
export type Reply =
  | { readonly id: number; readonly ok: true; readonly answer: Answer }
  | {
      readonly id: number
      readonly ok: false
      readonly message: string
      readonly code: string | undefined
      readonly errno: number | undefined
    }
