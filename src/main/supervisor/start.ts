import { assert, isFault, isSystemError, type World } from '#base'
import { flag, keyspaceWords, optional, shape, text } from '#rpc'
import { compileOnce } from '../compiled.ts'
import { meshWishShape } from '../mesh/words.ts'
import { FLAGS } from './flags.ts'
import { runSupervisor, type UpOptions } from './run.ts'

/**
 * Replaces this process, which has loaded the whole command line, by a supervisor that has not: it runs for months and
 * should cost little. Same process id, same terminal. Never returns.
 */
export function becomeSupervisor(options: UpOptions): never {
  compileOnce()
  const node = process.execPath
  const entry = new URL('../cairn.ts', import.meta.url).pathname
  const words = [node, ...FLAGS.supervise, entry, 'supervise', JSON.stringify(wordsOf(options))]
  assert(process.execve !== undefined, 'Node can replace the process')
  return process.execve(node, words, process.env)
}

/** Runs the supervisor as {@link becomeSupervisor} told it; answers the exit code. */
export async function superviseByWords([word = '{}']: readonly string[], world: World): Promise<number> {
  const { mount, isUnmounted, ...words } = checkWords(JSON.parse(word), 'supervise')
  try {
    await runSupervisor({ ...words, mount: isUnmounted ? false : mount }, world)
    return 0
  } catch (error) {
    if (!isFault(error) && !isSystemError(error)) throw error
    const hint = (isFault(error) ? error.hint : undefined) ?? '`cairn doctor` tells what is wrong with this machine.'
    process.stderr.write(`error: ${error.message}\nhint: ${hint}\n`)
    return 1
  }
}

const checkWords = shape({
  data: optional(text(4096)),
  mount: optional(text(4096)),
  isUnmounted: flag,
  listen: optional(text(300)),
  name: optional(text(253)),
  requiresClientCertificate: flag,
  peerListen: optional(text(300)),
  isDiscoverable: optional(flag),
  mesh: optional(meshWishShape),
  keyspace: optional(keyspaceWords),
  isJson: flag,
})

function wordsOf({ mount, ...options }: UpOptions): Parameters<typeof checkWords>[0] {
  return { ...options, mount: mount === false ? undefined : mount, isUnmounted: mount === false }
}
