import { keptTime } from '#base'
import type { AlsoChanged } from '../operation.ts'
import type { AttributeChange, Attributes, TimeChange } from '../vfs.ts'

/** Times of a file that are changed with what was written to it, as they are staged: JSON. */
interface StagedTimes extends Pick<AlsoChanged, 'caller'> {
  readonly atimeNs?: string | undefined
  readonly mtimeNs?: string | undefined
}

/** True for a change that sets nothing but times, to what the caller says. */
export function isOfTimes({ atime, mtime, ...rest }: AttributeChange): boolean {
  const isGiven = (time: TimeChange | undefined) => time === undefined || typeof time === 'bigint'
  return isGiven(atime) && isGiven(mtime) && Object.values(rest).every(value => value === undefined || value === false)
}

/** Attributes of a file with such a change that its home does not know yet. */
export function withTimes(attributes: Attributes, { change: { atime, mtime } }: AlsoChanged): Attributes {
  const time = (wanted: TimeChange | undefined, now: bigint) => (typeof wanted === 'bigint' ? keptTime(wanted) : now)
  const { atimeNs, mtimeNs } = attributes
  return { ...attributes, atimeNs: time(atime, atimeNs), mtimeNs: time(mtime, mtimeNs), isPassing: true }
}

/** Such a change, for the staging file. */
export function stagedChange({ change: { atime, mtime }, caller }: AlsoChanged): Uint8Array {
  const times: StagedTimes = { caller, atimeNs: atime?.toString(), mtimeNs: mtime?.toString() }
  return Buffer.from(JSON.stringify(times))
}

/** What {@link stagedChange} has written. */
export function changeIn(bytes: Uint8Array): AlsoChanged {
  const { caller, atimeNs, mtimeNs }: StagedTimes = JSON.parse(Buffer.from(bytes).toString())
  const time = (text: string | undefined) => (text === undefined ? undefined : BigInt(text))
  return { change: { atime: time(atimeNs), mtime: time(mtimeNs) }, caller }
}
