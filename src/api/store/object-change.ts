import type { ByteString } from '#base'
import type { KeyEvent, KeyValue, Revision } from '#keyspace'
import type { KubeObject, StoredForm } from '#schema'
import type { ObjectCodec } from './codec.ts'
import type { TextPart } from './object-text.ts'

/** One change: made when there was none before, deleted when there is none now. Objects are read when asked for. */
export class ObjectChange {
  readonly revision: Revision
  readonly key: ByteString
  /** Bytes of the objects as stored. */
  readonly bytes: number
  readonly #entry: KeyValue | undefined
  readonly #previous: KeyValue | undefined
  readonly #codec: ObjectCodec
  readonly #form: StoredForm | undefined
  #now: KubeObject | undefined
  #before: KubeObject | undefined

  constructor(event: KeyEvent, codec: ObjectCodec, form?: StoredForm) {
    this.#form = form
    this.#codec = codec
    this.#entry = event.kind === 'put' ? event.entry : undefined
    this.#previous = event.previous
    this.key = event.kind === 'put' ? event.entry.key : event.key
    this.revision = event.kind === 'put' ? event.entry.modRevision : event.revision
    this.bytes = (this.#entry?.value.byteLength ?? 0) + (this.#previous?.value.byteLength ?? 0)
  }

  /** True when the object was made by this change. */
  get isFirst(): boolean {
    return this.#entry !== undefined && this.#entry.version === 1
  }

  get isDeletion(): boolean {
    return this.#entry === undefined
  }

  get now(): KubeObject | undefined {
    if (this.#entry !== undefined) this.#now ??= this.#codec.objectOf(this.#entry, this.#form)
    return this.#now
  }

  get before(): KubeObject | undefined {
    if (this.#previous !== undefined) this.#before ??= this.#codec.objectOf(this.#previous, this.#form)
    return this.#before
  }

  /**
   * The JSON of the object as it is now, or was before it was deleted, with the revision of the change; undefined when it must be
   * read for that.
   */
  text(part: TextPart): Buffer | undefined {
    const entry = this.#entry ?? this.#previous
    return entry && this.#codec.textOf(entry, { revision: this.revision, part }, this.#form)
  }

  /** Keeps only the bytes of the objects, a fifth of what they take when read; they are read again when asked for. */
  forget(): void {
    this.#now = undefined
    this.#before = undefined
  }
}
