import { assert, type Entropy, whyOf } from '#base'
import type { KeyEvent, KeyValue } from '#keyspace'
import { type ConversionWebhook, isKubeObject, type Json, type KubeObject } from '#schema'
import { apiFault } from '../faults.ts'
import { CONVERSION_BYTES_MAX, CONVERSION_MS, CONVERSIONS_AT_ONCE } from './limits.ts'
import { uuidOf } from '../objects/uuid.ts'
import type { Placed } from '../store/keys.ts'
import { reviewedObjects, reviewRequest } from './review.ts'

/** Sends a review to a webhook over HTTPS; the text of its answer. Rejects with why there is none. */
export type PostReview = (post: ReviewPost, signal: AbortSignal) => Promise<string>

/** A review to be sent, and what its answer may be. */
export interface ReviewPost extends ConversionWebhook {
  readonly body: string
  readonly answerBytesMax: number
  readonly timeoutMs: number
}

/**
 * Makes objects as they are stored those of the version that is asked for, and back, by the webhooks of their definitions; for
 * resources without one everything stays as it is. Nothing is kept of a webhook's answer. Faults: InternalError, when a webhook
 * does not answer or not as it should.
 */
export class Conversions {
  readonly #post: PostReview
  readonly #entropy: Entropy
  readonly #line: (() => void)[] = []
  #underWay = 0

  constructor(post: PostReview, entropy: Entropy) {
    this.#post = post
    this.#entropy = entropy
  }

  /** What is stored, as the resource has it. */
  async entries(
    { storedForm }: Placed,
    entries: readonly KeyValue[],
    signal: AbortSignal,
  ): Promise<readonly KeyValue[]> {
    const conversion = storedForm?.conversion
    if (conversion === undefined) return entries
    const wanted = conversion.served
    const others = entries.flatMap((entry, index) => {
      const object = stored(entry.value)
      return object.apiVersion === wanted ? [] : [{ index, object }]
    })
    if (others.length === 0) return entries
    const objects = others.map(({ object }) => object)
    const converted = await this.#convert(conversion.webhook, { objects, wanted }, signal)
    const made = new Map(others.map(({ index }, at) => [index, converted[at]]))
    return entries.map((entry, index) => {
      const object = made.get(index)
      return object === undefined ? entry : { ...entry, value: Buffer.from(JSON.stringify(object)) }
    })
  }

  /** Changes of what is stored, as the resource has them: what was and what is. */
  async events(resource: Placed, events: readonly KeyEvent[], signal: AbortSignal): Promise<readonly KeyEvent[]> {
    if (resource.storedForm?.conversion === undefined) return events
    const entries = events.flatMap(event => [
      ...(event.kind === 'put' ? [event.entry] : []),
      ...present(event.previous),
    ])
    const converted = (await this.entries(resource, entries, signal)).values()
    return events.map(event => {
      const entry = event.kind === 'put' ? converted.next().value : undefined
      const previous = event.previous === undefined ? undefined : converted.next().value
      return { ...event, ...(entry === undefined ? {} : { entry }), ...(previous === undefined ? {} : { previous }) }
    })
  }

  /** An object of the resource as its definition stores it. */
  async stored({ storedForm }: Placed, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const conversion = storedForm?.conversion
    if (conversion === undefined || conversion.storage === object.apiVersion) return object
    const { resourceVersion: _, ...metadata } = object.metadata
    const asked = { objects: [{ ...object, metadata }], wanted: conversion.storage }
    const [converted] = await this.#convert(conversion.webhook, asked, signal)
    assert(converted !== undefined, 'as many objects come back as were sent')
    return converted
  }

  async #convert(
    webhook: ConversionWebhook,
    asked: { readonly objects: readonly KubeObject[]; readonly wanted: string },
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]> {
    const review = { ...asked, uid: uuidOf(this.#entropy.bytes(16)) }
    if (this.#underWay >= CONVERSIONS_AT_ONCE) await new Promise<void>(resolve => this.#line.push(resolve))
    this.#underWay += 1
    try {
      signal.throwIfAborted()
      const body = JSON.stringify(reviewRequest(review))
      const post = { ...webhook, body, answerBytesMax: CONVERSION_BYTES_MAX, timeoutMs: CONVERSION_MS }
      const text = await this.#post(post, signal)
      const answer: Json = JSON.parse(text)
      return reviewedObjects(review, answer)
    } catch (error) {
      signal.throwIfAborted()
      const [first] = asked.objects
      const what = `${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`
      throw apiFault('InternalError', `conversion webhook for ${what} failed: ${whyOf(error)}`, { cause: error })
    } finally {
      this.#underWay -= 1
      this.#line.shift()?.()
    }
  }
}

/** Where no webhook is called: what needs one is refused. */
export const NO_CONVERSIONS = new Conversions(() => Promise.reject(new Error('no webhook is called from here')), {
  bytes: count => new Uint8Array(count),
})

function stored(value: Uint8Array): KubeObject {
  const object: Json = JSON.parse(Buffer.from(value).toString('utf8'))
  assert(isKubeObject(object), 'a stored object is an object')
  return object
}

function present(entry: KeyValue | undefined): readonly KeyValue[] {
  return entry === undefined ? [] : [entry]
}
