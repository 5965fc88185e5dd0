import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'

/** What makes objects of one version those of another. */
export interface ConversionWebhook {
  readonly url: string
  /** Certificates of those who vouch for it, as PEM; undefined: those that the machine trusts. */
  readonly authorityPem: string | undefined
}

/** The webhook of a definition; undefined when its versions differ in their apiVersion alone. */
export function conversionWebhookOf(definition: KubeObject): ConversionWebhook | undefined {
  const conversion = jsonAt(definition, 'spec', 'conversion')
  const url = textAt(conversion, 'webhook', 'clientConfig', 'url')
  if (textAt(conversion, 'strategy') !== 'Webhook' || url === undefined) return undefined
  const bundle = textAt(conversion, 'webhook', 'clientConfig', 'caBundle') ?? ''
  return { url, authorityPem: bundle === '' ? undefined : Buffer.from(bundle, 'base64').toString('utf8') }
}

/** What is wrong with how a definition's versions are converted. */
export function conversionErrors(definition: KubeObject): readonly FieldError[] {
  const strategy = textAt(definition, 'spec', 'conversion', 'strategy') ?? ''
  const webhook = jsonAt(definition, 'spec', 'conversion', 'webhook')
  if (strategy === '') return [required(`${PATH}.strategy`)]
  if (strategy === 'None') {
    const rule = 'should not be set when strategy is not set to Webhook'
    return webhook === undefined ? [] : [forbidden(`${PATH}.webhook`, rule)]
  }
  if (strategy !== 'Webhook') return [notSupported(`${PATH}.strategy`, strategy, ['None', 'Webhook'])]
  if (!isJsonObject(webhook)) return [required(`${PATH}.webhook`, 'required when strategy is set to Webhook')]
  return [...clientErrors(webhook), ...reviewErrors(webhook)]
}

function clientErrors(webhook: JsonObject): readonly FieldError[] {
  const field = `${PATH}.webhook.clientConfig`
  const client = webhook['clientConfig']
  if (!isJsonObject(client)) return [required(field, 'required when strategy is set to Webhook')]
  const { url, service } = client
  if ((url === undefined) === (service === undefined)) {
    return [required(field, 'exactly one of url or service is required')]
  }
  const errors = url === undefined ? [forbidden(`${field}.service`, NO_SERVICE)] : urlErrors(url, `${field}.url`)
  return [...errors, ...bundleErrors(client['caBundle'], `${field}.caBundle`)]
}

function urlErrors(url: Json, field: string): FieldError[] {
  if (typeof url !== 'string' || !URL.canParse(url)) return [invalid(field, url, 'url must be a valid URL')]
  const { protocol, hostname, username, password, hash, search } = new URL(url)
  const problems: readonly (readonly [isWrong: boolean, rule: string])[] = [
    [protocol !== 'https:', "'https' is the only allowed URL scheme"],
    [hostname === '', 'host must be specified'],
    [username !== '' || password !== '', 'user information is not permitted in the URL'],
    [hash !== '', 'fragments are not permitted in the URL'],
    [search !== '', 'query parameters are not permitted in the URL'],
  ]
  return problems.flatMap(([isWrong, rule]) => (isWrong ? [invalid(field, url, rule)] : []))
}

function bundleErrors(bundle: Json | undefined, field: string): readonly FieldError[] {
  if (bundle === undefined || bundle === '') return []
  const text = typeof bundle === 'string' ? Buffer.from(bundle, 'base64').toString('utf8') : ''
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text)) return []
  return [invalid(field, '<bytes>', 'unable to load root certificates: unable to parse bytes as PEM block')]
}

function reviewErrors(webhook: JsonObject): readonly FieldError[] {
  const field = `${PATH}.webhook.conversionReviewVersions`
  const versions = listAt(webhook, 'conversionReviewVersions')
  if (versions.length === 0) return [required(field, 'conversionReviewVersions is required')]
  return versions.includes('v1') ? [] : [invalid(field, versions, 'must include v1: no other version is spoken here')]
}

const PATH = 'spec.conversion'
const NO_SERVICE =
  'services are not reached from the server that converts: give the webhook a url, which it calls itself'
