import { assert, type ByteString } from '#base'
import type { KeyValue, Revision } from '#keyspace'
import { isKubeObject, type KubeObject, type StoredForm } from '#schema'
import { resourcePrefix } from './keys.ts'
import { objectText, type TextPart } from './object-text.ts'

/** Encrypts what is stored under a key, for that key alone. */
export interface Sealing {
  /** Never begins with `{`. */
  seal(plain: Uint8Array, place: ByteString): string
  open(sealed: string, place: ByteString): Uint8Array
}

/** Where objects lie that are stored sealed as a whole: annotations may repeat what their data hold. */
export const SEALED: readonly ByteString[] = [resourcePrefix({ group: '', plural: 'secrets' })]

const BRACE = '{'.charCodeAt(0)

/** What of an object is told, and its revision. */
export interface WantedText {
  readonly revision: Revision
  readonly part: TextPart
}

/** Objects as they are stored: JSON without the resourceVersion, which is the revision of the key; sealed for some kinds. */
export class ObjectCodec {
  readonly #sealing: Sealing | undefined

  /** Without `sealing` everything is stored as it is. */
  constructor(sealing?: Sealing) {
    this.#sealing = sealing
  }

  /** `form` says how objects of their resource are stored, where that is not how they are served. */
  bytesOf(key: ByteString, object: KubeObject, form?: StoredForm): Uint8Array {
    const { apiVersion, kind, metadata, ...rest } = form?.toStored(object) ?? object
    const { resourceVersion: _, ...stored } = metadata
    // In this order: what is shown is made of it without being read.
    const json = Buffer.from(JSON.stringify({ apiVersion, kind, metadata: stored, ...rest }))
    if (this.#sealing === undefined || !isSealed(key)) return json
    return Buffer.from(this.#sealing.seal(json, key))
  }

  /** Reads what {@link bytesOf} made. Faults: SealBroken. */
  objectOf({ key, value, modRevision }: KeyValue, form?: StoredForm): KubeObject {
    const text = bufferOf(this.#plain(key, value)).toString('utf8')
    const object: unknown = JSON.parse(text)
    assert(isKubeObject(object as KubeObject), 'a stored object is an object')
    const stored = object as KubeObject
    return withRevision(form?.toServed(stored) ?? stored, modRevision)
  }

  /**
   * The JSON of an object with a revision, as {@link objectOf} and JSON.stringify make it but for the order of fields, without
   * reading it; undefined when it is stored in another form, or was by a Cairn of before. Faults: SealBroken.
   */
  textOf({ key, value }: KeyValue, wanted: WantedText, form?: StoredForm): Buffer | undefined {
    if (form !== undefined) return undefined
    return objectText(bufferOf(this.#plain(key, value)), wanted.revision, wanted.part)
  }

  #plain(key: ByteString, value: Uint8Array): Uint8Array {
    if (value[0] === BRACE) return value
    assert(this.#sealing !== undefined, 'sealed objects are read with what opens them')
    return this.#sealing.open(bufferOf(value).toString('utf8'), key)
  }
}

/** True for keys whose values are sealed. */
export function isSealed(key: ByteString): boolean {
  return SEALED.some(prefix => key.startsWith(prefix))
}

/** An object with the revision it was stored at. */
export function withRevision(object: KubeObject, revision: Revision): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
