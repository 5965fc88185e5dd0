import type { ObjectStore } from '#api'
import type { World } from '#base'
import { type KubeObject, jsonAt, listAt, RESOURCES } from '#schema'
import { FollowedObjects, type FollowsObjects } from './followed-objects.ts'

/** What the record of a user says of what he may. */
export interface UserRecord {
  readonly isDisabled: boolean
  readonly groups: readonly string[]
}

/** The records of users in memory, followed by a watch. Nobody needs one. */
export class FollowedUsers implements AsyncDisposable {
  readonly #records = new Map<string, UserRecord>()
  readonly #stack = new AsyncDisposableStack()
  readonly #listeners: (() => void)[] = []

  /** Resolves when all are known. */
  static async open(store: ObjectStore, world: World): Promise<FollowedUsers> {
    const users = new FollowedUsers()
    users.#stack.use(await FollowedObjects.open({ store, world, resource: USERS, into: users.#into() }))
    return users
  }

  private constructor() {}

  find(name: string): UserRecord | undefined {
    return this.#records.get(name)
  }

  /** `run` is called behind every change. */
  onChange(run: () => void): void {
    this.#listeners.push(run)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  #into(): FollowsObjects {
    const put = (user: KubeObject): void => {
      const groups = listAt(user, 'spec', 'groups').filter(each => typeof each === 'string')
      this.#records.set(user.metadata.name, { isDisabled: jsonAt(user, 'spec', 'disabled') === true, groups })
    }
    return {
      reset: users => {
        this.#records.clear()
        for (const user of users) put(user)
      },
      put,
      remove: ({ metadata }) => void this.#records.delete(metadata.name),
      changed: () => {
        for (const run of this.#listeners) run()
      },
    }
  }
}

const USERS = RESOURCES.find(({ group, kind }) => group === 'cairn.dev' && kind === 'User') ?? missing()

function missing(): never {
  throw new Error('User is a kind')
}
