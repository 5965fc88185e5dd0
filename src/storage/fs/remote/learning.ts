import { ERRNO, isErrno } from '../errno.ts'
import type { HomeOperations } from '../operation.ts'
import type { RemoteAnswer, RemoteCall, RemoteKind } from '../shared/protocol.ts'
import type { RemoteCache } from './remote-cache.ts'

type Asked = {
  [Kind in RemoteKind]: {
    readonly kind: Kind
    readonly input: HomeOperations[Kind]['input']
    readonly answer: RemoteAnswer<Kind>['answer']
    readonly revision: number
  }
}[RemoteKind]

/** Writes down what answers of the home tell. */
export class Learning {
  readonly #cache: RemoteCache

  constructor(cache: RemoteCache) {
    this.#cache = cache
  }

  learn(call: RemoteCall, told: RemoteAnswer): void {
    for (const attributes of told.changed) {
      // Of a file that was read nothing else has changed.
      if (call.kind === 'touchAccess') this.#cache.learn(attributes.ino, told.revision, { attributes })
      else this.#cache.changed(attributes, told.revision)
    }
    const asked = { kind: call.kind, input: call.input, answer: told.answer, revision: told.revision } as Asked
    this.#learnRead(asked)
    this.#learnNames(asked)
  }

  #learnRead({ kind, input, answer, revision }: Asked): void {
    const cache = this.#cache
    switch (kind) {
      case 'lookup':
        if (answer === ERRNO.ENOENT) cache.learnName(input.parent, revision, { name: input.name, ino: 'none' })
        if (isErrno(answer)) return
        cache.learn(answer.ino, revision, { attributes: answer })
        cache.learnName(input.parent, revision, { name: input.name, ino: answer.ino })
        return
      case 'attributes':
        if (!isErrno(answer)) cache.learn(answer.ino, revision, { attributes: answer })
        return
      case 'list':
        if (isErrno(answer)) return
        for (const { name, ino, attributes } of answer) {
          if (attributes === undefined) continue
          cache.learn(ino, revision, { attributes })
          cache.learnName(input.ino, revision, { name, ino })
        }
        return
      case 'contents':
        if (isErrno(answer)) return
        for (const { ino, attributes, content } of answer) {
          cache.learn(ino, revision, { attributes })
          cache.learnContent(ino, revision, { content, range: { from: 0, to: content.size } })
        }
        return
      case 'readLink':
        if (!isErrno(answer)) cache.learn(input.ino, revision, { target: answer })
        return
      case 'getXattr':
        if (answer === ERRNO.ENODATA) cache.learnXattr(input.ino, revision, { name: input.name, value: 'none' })
        if (!isErrno(answer)) cache.learnXattr(input.ino, revision, { name: input.name, value: answer })
        return
      default:
        return
    }
  }

  #learnNames({ kind, input, answer, revision }: Asked): void {
    const cache = this.#cache
    switch (kind) {
      case 'make':
        if (!isErrno(answer)) cache.learnMade(answer.ino, revision, input.parent)
        if (!isErrno(answer) && answer.kind === 'directory') cache.learnEmpty(answer.ino, revision)
        return cache.changedName(input.parent, revision, {
          name: input.name,
          ...(isErrno(answer) ? {} : { ino: answer.ino }),
        })
      case 'link':
        return cache.changedName(input.parent, revision, {
          name: input.name,
          ...(isErrno(answer) ? {} : { ino: answer.ino }),
        })
      case 'remove':
        return cache.changedName(input.parent, revision, {
          name: input.name,
          ...(isErrno(answer) ? {} : { ino: 'none' }),
        })
      case 'rename':
        for (const { parent, name } of [input.from, input.to]) cache.changedName(parent, revision, { name })
        return
      default:
        return
    }
  }
}
