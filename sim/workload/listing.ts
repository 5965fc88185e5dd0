import type { Clock } from '#base'
import { type Cookie, type Ino, isErrno } from '#storage/fs'
import { mustHold } from '../model/violation.ts'
import { directoryOf } from './names.ts'
import { isDone, never, type Setting } from './setting.ts'

/**
 * Lists a directory in pieces while others change it: what was there all the time is listed once, and nothing is that
 * was never there.
 */
export async function listInPieces(setting: Setting, clock: Clock): Promise<void> {
  const { expected, life, random } = setting
  const ino = directoryOf(setting)
  const before = new Map(expected.tree.nodes.get(ino)?.names)
  const since = expected.changesSoFar
  const listed: string[] = []
  for (let after: Cookie | undefined = 0 as Cookie; after !== undefined; ) {
    after = await listPiece(setting, ino, { after, count: random.between(1, 4), listed })
    if (after !== undefined) await clock.sleep(random.fraction() * 40, NEVER)
    if (life.ended) return never()
  }
  const names = expected.tree.nodes.get(ino)?.names
  const touched = expected.namesTouched(ino, since)
  for (const name of listed) {
    const isKnown = name === '.' || name === '..' || before.has(name) || touched.has(name)
    mustHold(isKnown, () => `directory ${ino} lists ${name}, which was never there`)
  }
  for (const name of before.keys()) {
    if (touched.has(name) || names?.has(name) !== true) continue
    const times = listed.filter(each => each === name).length
    mustHold(times === 1, () => `directory ${ino} lists ${name} ${times} times`)
  }
}

interface Piece {
  readonly after: Cookie
  readonly count: number
  readonly listed: string[]
}

// Answers where to go on; undefined at the end.
async function listPiece(setting: Setting, ino: number, piece: Piece): Promise<Cookie | undefined> {
  const { stack, life } = setting
  const { after, count, listed } = piece
  let taken = 0
  let last: Cookie | undefined
  const answer = await stack.fs.vfs.list(ino as Ino, after, {
    attributes: false,
    take: ({ name, cookie }) => {
      if (taken === count) return false
      taken += 1
      listed.push(name)
      last = cookie
      return true
    },
  })
  if (life.ended) return never()
  if (!isDone(setting, { what: `list ${ino} after ${after}`, answer, refusal: undefined }) || isErrno(answer))
    return undefined
  return last
}

const NEVER = new AbortController().signal
