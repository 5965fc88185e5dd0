import type { Digest } from '#base'
import type { Holders } from './holders.ts'
import type { PoolParts } from './parts.ts'

/** Chunks that no machine holds, but for one of them. */
export interface OnlyAt {
  /** Those that no other machine says it holds; with those that nobody holds at all. */
  readonly digests: readonly Digest[]
  /** Machines that did not say. */
  readonly silent: readonly string[]
}

/**
 * Of these chunks, those that are lost when the machine is; with none, those that nobody holds. The own disk is looked at first, then who
 * shall hold them is asked, then everybody else. What is merely cached somewhere does not count.
 */
export async function onlyAt(
  parts: PoolParts,
  holders: Holders,
  { machine, digests }: { readonly machine?: string; readonly digests: readonly Digest[] },
  signal: AbortSignal,
): Promise<OnlyAt> {
  const view = parts.view()
  const silent = new Set<string>()
  const left = new Set(digests)
  const ask = async (name: string, asked: readonly Digest[]): Promise<void> => {
    if (asked.length === 0 || silent.has(name)) return
    try {
      const flags = name === view.own ? await heldHere(parts, asked) : await holders.get(name).has(asked, signal)
      for (const [at, digest] of asked.entries()) if (flags[at] === true) left.delete(digest)
    } catch {
      signal.throwIfAborted()
      silent.add(name)
    }
  }
  const names = [view.own, ...view.others].filter(name => name !== machine)
  const away = names.filter(name => name !== view.own && view.stateOf(name) === 'Offline')
  for (const name of away) silent.add(name)
  if (machine !== view.own) await ask(view.own, digests)
  const wantedOf = (name: string) => [...left].filter(digest => view.isWanted(name, view.groupOf(digest)))
  await Promise.all(names.map(name => ask(name, wantedOf(name))))
  for (const name of names) await ask(name, [...left]) // also who was asked: it may have come there meanwhile
  return { digests: [...left], silent: [...silent] }
}

async function heldHere({ store }: PoolParts, digests: readonly Digest[]): Promise<boolean[]> {
  const flags: boolean[] = []
  for (const digest of digests) flags.push(await store.has(digest))
  return flags
}
