import { compileAll } from './compiled.ts'
import { FLAGS, type ProcessKind } from './supervisor/flags.ts'

const THREADS = [
  'keyspace/sqlite/worker.ts',
  'storage/chunks/threads/thread.ts',
  'storage/fuse/device/notify-worker.ts',
] as const

/** Files under src/ that are loaded first, later, or in threads. */
const FILES: Readonly<Record<ProcessKind, readonly string[]>> = {
  supervise: ['main/supervisor/start.ts', 'storage/fuse/device/libc.ts'],
  control: ['main/control/run.ts', 'keyspace/etcd/etcd-keyspace.ts', ...THREADS],
  storage: ['main/storage/run.ts', 'storage/fuse/session/open.ts', 'identity/index.ts', ...THREADS],
  mesh: ['main/mesh/run.ts'],
}

/**
 * Loads what a process of Cairn loads, so that it is compiled and kept; without a kind that of all of them. It is done in
 * `cairn.ts`, as in these processes, since what is loaded first is compiled too. Never returns.
 */
export async function compile(kind: string | undefined): Promise<never> {
  if (kind === undefined) {
    await import('#cli')
    await compileAll()
  } else if (isKind(kind)) {
    const files = FILES[kind].map(file => import(new URL(`../${file}`, import.meta.url).href))
    await Promise.allSettled(files) // what runs in a thread says that it does not run elsewhere, once it is loaded
  }
  process.exit(0)
}

function isKind(word: string): word is ProcessKind {
  return Object.hasOwn(FLAGS, word)
}
