import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '../json.ts'
import { conversionErrors, conversionWebhookOf } from './conversion.ts'

const PEM = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n').toString('base64')
const URL = 'https://hook.test:8443/convert'

function definition(conversion: Json) {
  const metadata = { name: 'a.b', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec: { conversion },
  }
}

function webhook(clientConfig: Json, versions: Json = ['v1']): JsonObject {
  return { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: versions } }
}

const WRONG: readonly (readonly [conversion: Json, field: string, message: RegExp])[] = [
  [{ strategy: 'Magic' }, 'strategy', /supported values: "None", "Webhook"/],
  [{ strategy: 'None', webhook: {} }, 'webhook', /should not be set when strategy is not set to Webhook/],
  [{ strategy: 'Webhook' }, 'webhook', /required when strategy is set to Webhook/],
  [
    { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'] } },
    'webhook.clientConfig',
    /required when strategy/,
  ],
  [webhook({}), 'webhook.clientConfig', /exactly one of url or service/],
  [webhook({ url: URL, service: {} }), 'webhook.clientConfig', /exactly one of url or service/],
  [webhook({ service: { name: 'a', namespace: 'b' } }), 'webhook.clientConfig.service', /give the webhook a url/],
  [webhook({ url: 'x' }), 'webhook.clientConfig.url', /valid URL/],
  [webhook({ url: 'http://hook.test/' }), 'webhook.clientConfig.url', /'https' is the only allowed/],
  [webhook({ url: 'https://a:b@hook.test/' }), 'webhook.clientConfig.url', /user information/],
  [webhook({ url: `${URL}#a` }), 'webhook.clientConfig.url', /fragments/],
  [webhook({ url: `${URL}?a=b` }), 'webhook.clientConfig.url', /query parameters/],
  [webhook({ url: URL, caBundle: 'AAAA' }), 'webhook.clientConfig.caBundle', /PEM block/],
  [webhook({ url: URL }, []), 'webhook.conversionReviewVersions', /is required/],
  [webhook({ url: URL }, ['v1beta1']), 'webhook.conversionReviewVersions', /must include v1/],
]

test('a conversion that cannot be done is refused by its field', () => {
  for (const [conversion, field, message] of WRONG) {
    const [error] = conversionErrors(definition(conversion))
    assert.equal(error?.field, `spec.conversion.${field}`, JSON.stringify(conversion))
    assert.match(error?.message ?? '', message)
  }
})

test('a webhook is known by its URL and those who vouch for it', () => {
  const good = definition(webhook({ url: URL, caBundle: PEM }, ['v1', 'v1beta1']))
  assert.deepEqual(conversionErrors(good), [])
  assert.deepEqual(conversionWebhookOf(good), { url: URL, authorityPem: Buffer.from(PEM, 'base64').toString() })
  assert.equal(conversionWebhookOf(definition({ strategy: 'None' })), undefined)
})
