import { ageColumn, at, column, humanDuration, nameColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { changePart, fill, fillPart } from '../../fill.ts'
import { isSameJson, type Json, type JsonObject, jsonAt, listAt, numberAt, textAt, wordOf } from '../../json.ts'
import { segmentProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import type { Author } from '../../resource.ts'
import { mustHave, without } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** A request for a certificate, to be approved and signed. Who sends it is written into it by the API. */
export const certificateSigningRequest = defineResource({
  group: 'certificates.k8s.io',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  isNamespaced: false,
  shape: kubernetesShape('V1CertificateSigningRequest'),
  nameProblem: segmentProblem,
  hasStatus: true,
  subresources: [
    {
      name: 'approval',
      kind: 'CertificateSigningRequest',
      verbs: ['get', 'patch', 'update'],
      write: (old, sent) =>
        changePart(fillPart(old, 'status', {}), 'status', status => ({
          ...status,
          conditions: [...issued(old), ...listAt(sent, 'status', 'conditions').filter(each => !isFailure(each))],
        })),
    },
  ],
  table: [
    nameColumn,
    ageColumn,
    column('SignerName', at('spec.signerName', '<none>')),
    column('Requestor', at('spec.username')),
    column('RequestedDuration', durationText),
    column('Condition', conditionText),
  ],
  defaults: object =>
    changePart(object, 'spec', spec => fill(spec, { usages: ['digital signature', 'key encipherment'] })),
  authored: (object, author) => changePart(object, 'spec', spec => ({ ...without(spec, WHO), ...whoIs(author) })),
  validate: (object, old) => [...requestErrors(object), ...changeErrors(object, old)],
  selectableFields: textFields('spec.signerName'),
  hasController: true,
})

const WHO = ['username', 'uid', 'groups', 'extra']

function whoIs({ name, uid, groups, extra }: Author): JsonObject {
  const more = Object.keys(extra).length === 0 ? {} : { extra }
  return { username: name, ...(uid === undefined ? {} : { uid }), groups, ...more }
}

function isFailure(condition: Json): boolean {
  return textAt(condition, 'type') === 'Failed'
}

// That signing failed is told by who signs, not by who approves.
function issued(old: KubeObject): readonly Json[] {
  return listAt(old, 'status', 'conditions').filter(isFailure)
}

function durationText(object: KubeObject): string {
  const seconds = numberAt(object, 'spec', 'expirationSeconds')
  return seconds === undefined ? '<none>' : humanDuration(seconds)
}

function conditionText(object: KubeObject): string {
  const types = new Set(listAt(object, 'status', 'conditions').map(each => textAt(each, 'type')))
  const words = ['Denied', 'Approved'].filter(type => types.has(type)).slice(0, 1)
  if (types.has('Failed')) words.push('Failed')
  if ((textAt(object, 'status', 'certificate') ?? '') !== '') words.push('Issued')
  return words.length === 0 ? 'Pending' : words.join(',')
}

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

function requestErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const usages = listAt(spec, 'usages')
  const seconds = numberAt(spec, 'expirationSeconds')
  const signer = textAt(spec, 'signerName') ?? ''
  const pem = Buffer.from(textAt(spec, 'request') ?? '', 'base64').toString('latin1')
  const isRequest = /^-----BEGIN CERTIFICATE REQUEST-----/m.test(pem)
  return [
    ...(isRequest ? [] : [invalid('spec.request', '', 'PEM block type must be CERTIFICATE REQUEST')]),
    ...(usages.length === 0 ? [required('spec.usages')] : []),
    ...usages.flatMap((usage, index) =>
      USAGES.includes(wordOf(usage)) ? [] : [notSupported(`spec.usages[${index}]`, usage, USAGES)],
    ),
    ...mustHave(spec, 'signerName', 'spec'),
    ...(signer === '' || /^[^/]+\.[^/]+\/.+$/.test(signer)
      ? []
      : [
          invalid(
            'spec.signerName',
            signer,
            'must be a fully qualified domain and path of the form "example.com/signer-name"',
          ),
        ]),
    ...(seconds === undefined || seconds >= 600
      ? []
      : [invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 600 seconds (10 minutes)')]),
    ...conditionErrors(listAt(object, 'status', 'conditions')),
  ]
}

function conditionErrors(conditions: readonly Json[]): FieldError[] {
  const types = conditions.map(each => textAt(each, 'type'))
  if (!types.includes('Approved') || !types.includes('Denied')) return []
  return [invalid('status.conditions', types, 'Approved and Denied conditions are mutually exclusive')]
}

function changeErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  if (old === undefined || isSameJson(object['spec'], old['spec'])) return []
  return [invalid('spec', '', 'field is immutable')]
}
