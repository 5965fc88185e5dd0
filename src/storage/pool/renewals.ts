import type { Digest } from '#base'
import { DIGESTS_MAX, RENEWALS_PER_MACHINE_MAX } from './limits.ts'

/** Renews these at a machine: which of them are there, and in which boot. */
export type RenewMany = (digests: readonly Digest[]) => Promise<{ boot: string; flags: readonly boolean[] }>

/** Chunks asked for one by one, renewed at one machine in few calls: who asks while the calls are under way shares the next. */
export class Renewals {
  readonly #renew: RenewMany
  readonly #waiting: { readonly digest: Digest; readonly answer: PromiseWithResolvers<string | undefined> }[] = []
  #calls = 0

  constructor(renew: RenewMany) {
    this.#renew = renew
  }

  /** Answers the boot that has the chunk, or undefined when it is not there. Faults: those of the call. */
  ask(digest: Digest): Promise<string | undefined> {
    const answer = Promise.withResolvers<string | undefined>()
    this.#waiting.push({ digest, answer })
    if (this.#calls < RENEWALS_PER_MACHINE_MAX) void this.#run()
    return answer.promise
  }

  async #run(): Promise<void> {
    this.#calls++
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.splice(0, DIGESTS_MAX)
      try {
        const { boot, flags } = await this.#renew(asked.map(({ digest }) => digest))
        for (const [i, { answer }] of asked.entries()) answer.resolve(flags[i] === true ? boot : undefined)
      } catch (error) {
        for (const { answer } of asked) answer.reject(error)
      }
    }
    this.#calls--
  }
}
