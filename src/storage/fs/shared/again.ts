import { isLater } from '#base'
import { ERRNO } from '../errno.ts'
import type { Home } from '../home/home.ts'
import type { Ino } from '../vfs.ts'
import type { RemoteAnswer, RemoteCall } from './protocol.ts'

/** What a change that was done before answered, from the number that is kept of it. */
export function answerAgain(home: Home, call: RemoteCall, number: number): RemoteAnswer['answer'] {
  switch (call.kind) {
    case 'make':
    case 'makeUnnamed':
    case 'link':
    case 'setAttributes': {
      const attributes = home.run('attributes', { ino: number as Ino }, undefined)
      return isLater(attributes) ? ERRNO.EIO : attributes
    }
    case 'remove':
    case 'rename':
      return { orphan: number === 0 ? undefined : (number as Ino) }
    case 'copyRange':
      return { bytes: number }
    case 'append':
      return { offset: number }
    default:
      return undefined
  }
}
