import assert from 'node:assert/strict'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { FaultRule } from '../../../tools/faultfs/faultfs.ts'
import { type Cloud, until } from '../../cloud.ts'
import { seededRandom } from '../../posix/stress/random.ts'
import { type FaultyCloud, openFaultyCloud } from '../faulty-disk.ts'
import { bytesOfWrite } from '../load/step.ts'

/** What can be made to fail, by the path below the data folder. */
export const PLACES = [
  'keyspace/log/',
  'chunks/segments/',
  '/staging$',
  'keyspace/index/',
  'chunks/index.sqlite',
] as const

/** What a program knows of its files: the bytes it was told are durable. */
export class Files {
  readonly #mount: string
  readonly #durable = new Map<string, Buffer>()
  #fill = 1

  constructor(cloud: Cloud) {
    this.#mount = cloud.mount
  }

  /** Replaces a file's bytes and syncs; answers the code of the first error, or undefined. */
  save(name: string, bytes: number): string | undefined {
    this.#fill += 2
    const fresh = bytesOfWrite({ bytes, fill: this.#fill })
    this.#durable.delete(name)
    try {
      const fd = openSync(`${this.#mount}/${name}`, 'w')
      try {
        writeSync(fd, fresh)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      this.#durable.set(name, fresh)
      return undefined
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    }
  }

  /** Everything acknowledged is there, byte for byte. */
  check(): void {
    for (const [name, bytes] of this.#durable) {
      assert.ok(readFileSync(`${this.#mount}/${name}`).equals(bytes), `${name} is what was synced`)
    }
  }
}

/**
 * Lets calls fail as a rule says. The program that asked hears EIO or nothing happened to it, and soon all is as
 * before without help. Answers how many calls failed.
 */
export async function failSome({ cloud, disk }: FaultyCloud, files: Files, rule: FaultRule): Promise<number> {
  const what = `${rule.call} of ${rule.path}`
  await disk.rule(rule)
  const heard = [files.save('small', 3000), files.save('large', 2_500_000)].filter(code => code !== undefined)
  assert.ok(
    heard.every(code => code === 'EIO'),
    `${what}: ${heard.join()}`,
  )
  for (const [name, bytes] of [
    ['small', 3000],
    ['large', 2_500_000],
  ] as const) {
    await until(() => files.save(name, bytes) === undefined, { what: `a sync after ${what}:\n${cloud.said}` })
  }
  const failed = await disk.rule()
  files.check()
  return failed
}

/** Random calls of the disk fail, one kind at a time, with an end and a start now and then. */
export async function diskErrors({
  seed,
  rounds,
}: {
  readonly seed: number
  readonly rounds: number
}): Promise<string> {
  const random = seededRandom(seed)
  await using faulty = await openFaultyCloud()
  const { cloud } = faulty
  const files = new Files(cloud)
  assert.equal(files.save('kept', 1_500_000), undefined)
  let failed = 0
  for (let round = 0; round < rounds; round += 1) {
    const call = random.pick(['sync', 'write'] as const)
    const rule = {
      call,
      path: random.pick(PLACES),
      error: 'EIO',
      after: random.below(4),
      times: 1 + random.below(2),
    } as const
    failed += await failSome(faulty, files, rule)
    if (random.below(4) > 0) continue
    await cloud.stop()
    await cloud.start()
    files.check()
  }
  return `${failed} calls failed`
}
