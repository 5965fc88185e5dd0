import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeyEvent, type KeyValue, type Revision } from '#keyspace'
import type { Json, JsonObject, KubeObject, StoredForm } from '#schema'
import { CONVERSIONS_AT_ONCE } from './limits.ts'
import { Conversions } from './conversions.ts'
import { reviewedObjects } from './review.ts'

const SIGNAL = new AbortController().signal
const CONVERSION = {
  webhook: { url: 'https://hook.test/', authorityPem: undefined },
  served: 'shop.test/v1',
  storage: 'shop.test/v2',
}
const FORM: StoredForm = {
  group: 'shop.test',
  plural: 'carts',
  conversion: CONVERSION,
  toServed: object => object,
  toStored: object => object,
}
const PLACED = { group: 'shop.test', plural: 'carts', storedForm: FORM }

function cart(name: string, version = 'v2'): KubeObject {
  return {
    apiVersion: `shop.test/${version}`,
    kind: 'Cart',
    metadata: { name, namespace: 'a', uid: `uid-${name}` },
  } as KubeObject
}

function entry(object: KubeObject): KeyValue {
  const key = `/objects/shop.test/carts/a/${object.metadata.name}`
  const value = Buffer.from(JSON.stringify(object))
  return {
    key,
    value,
    version: 1,
    createRevision: 1 as Revision,
    modRevision: 1 as Revision,
    lease: undefined,
  } as unknown as KeyValue
}

// What a good webhook answers.
function answered(body: string): JsonObject {
  const { request } = JSON.parse(body) as { request: { uid: string; desiredAPIVersion: string; objects: KubeObject[] } }
  const convertedObjects = request.objects.map(object => ({ ...object, apiVersion: request.desiredAPIVersion }))
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: { uid: request.uid, result: { status: 'Success' }, convertedObjects },
  }
}

const ENTROPY = { bytes: (count: number) => new Uint8Array(count).fill(7) }

test('only what is stored in another version is sent, in one review', async () => {
  const sent: string[] = []
  const conversions = new Conversions(({ body }) => {
    sent.push(body)
    return Promise.resolve(JSON.stringify(answered(body)))
  }, ENTROPY)
  const found = await conversions.entries(PLACED, [entry(cart('a')), entry(cart('b', 'v1')), entry(cart('c'))], SIGNAL)
  const objects = found.map(({ value }) => JSON.parse(Buffer.from(value).toString()) as KubeObject)
  assert.deepEqual(
    objects.map(({ apiVersion, metadata }) => `${metadata.name} ${apiVersion}`),
    ['a shop.test/v1', 'b shop.test/v1', 'c shop.test/v1'],
  )
  assert.equal(sent.length, 1)
  assert.match(sent[0]!, /"desiredAPIVersion":"shop.test\/v1"/)
  assert.equal((JSON.parse(sent[0]!) as { request: { objects: Json[] } }).request.objects.length, 2)
  const put = { kind: 'put', entry: entry(cart('a')), previous: entry(cart('a', 'v1')) } as unknown as KeyEvent
  const gone = { kind: 'delete', key: 'k', revision: 2, previous: entry(cart('b')) } as unknown as KeyEvent
  const [first, second] = await conversions.events(PLACED, [put, gone], SIGNAL)
  assert.match(Buffer.from(first!.kind === 'put' ? first!.entry.value : []).toString(), /shop.test\/v1/)
  assert.match(Buffer.from(second!.previous!.value).toString(), /shop.test\/v1.*"name":"b"/)
  assert.equal(sent.length, 2)
})

test('not more than so many reviews are under way, whatever becomes of them', async () => {
  let underWay = 0
  let most = 0
  let calls = 0
  const conversions = new Conversions(async ({ body }) => {
    underWay += 1
    most = Math.max(most, underWay)
    calls += 1
    const fails = calls % 3 === 0
    await new Promise(resolve => setImmediate(resolve))
    underWay -= 1
    if (fails) throw new Error('connection refused')
    return JSON.stringify(answered(body))
  }, ENTROPY)
  const all = Array.from({ length: 100 }, (_, index) => conversions.entries(PLACED, [entry(cart(`c${index}`))], SIGNAL))
  const settled = await Promise.allSettled(all)
  assert.equal(most, CONVERSIONS_AT_ONCE)
  const refused = settled
    .filter(each => each.status === 'rejected')
    .map(({ reason }) => String((reason as Error).message))
  assert.equal(refused.length, 33)
  assert.equal(refused[0], 'conversion webhook for shop.test/v2, Kind=Cart failed: connection refused')
})

const REVIEW = { uid: 'u', objects: [cart('a')], wanted: 'shop.test/v1' }
const GOOD = answered(
  JSON.stringify({ request: { uid: 'u', desiredAPIVersion: 'shop.test/v1', objects: REVIEW.objects } }),
)

function changed(response: JsonObject, made?: JsonObject): JsonObject {
  const converted = { ...cart('a', 'v1'), ...made }
  return { ...GOOD, response: { ...(GOOD['response'] as JsonObject), convertedObjects: [converted], ...response } }
}

const WRONG: readonly (readonly [answer: Json, why: RegExp])[] = [
  [{}, /expected webhook response of apiextensions.k8s.io\/v1, Kind=ConversionReview/],
  [[], /expected webhook response/],
  [{ ...GOOD, response: undefined }, /no response provided/],
  [changed({ uid: 'other' }), /expected response.uid="u", got "other"/],
  [changed({ result: { status: 'Failure', message: 'no such field' } }), /^no such field$/],
  [changed({ result: {} }), /Success or Failure, got ""/],
  [changed({ convertedObjects: [] }), /returned 0 objects, expected 1/],
  [changed({ convertedObjects: ['x'] }), /index 0: it is no object/],
  [
    changed({}, { apiVersion: 'shop.test/v2' }),
    /invalid groupVersion \(expected shop.test\/v1, received shop.test\/v2\)/,
  ],
  [changed({}, { kind: 'Basket' }), /invalid kind \(expected Cart, received Basket\)/],
  [changed({}, { metadata: undefined }), /missing metadata/],
  [changed({}, { metadata: { name: 'b', namespace: 'a', uid: 'uid-a' } }), /metadata.name mismatch: b != a/],
  [changed({}, { metadata: { name: 'a', uid: 'uid-a' } }), /metadata.namespace mismatch/],
  [changed({}, { metadata: { name: 'a', namespace: 'a', uid: 'x' } }), /metadata.uid mismatch/],
  [changed({}, { metadata: { name: 'a', namespace: 'a', uid: 'uid-a', labels: { a: 1 } } }), /labels are not texts/],
]

test('an answer that is not what was asked for is refused', () => {
  for (const [answer, why] of WRONG) assert.throws(() => reviewedObjects(REVIEW, answer), { message: why }, String(why))
})

test('of metadata only labels and annotations are changed', () => {
  const metadata = { name: 'a', namespace: 'a', uid: 'uid-a', labels: { a: 'b' }, finalizers: ['x'], generation: 9 }
  const [made] = reviewedObjects(REVIEW, changed({}, { metadata }))
  assert.deepEqual(made?.metadata, { name: 'a', namespace: 'a', uid: 'uid-a', labels: { a: 'b' } })
})
