import { at, column, since, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { changePart, fill } from '../../fill.ts'
import { jsonAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, mustHave } from '../../rules.ts'
import { needed, ownKind, ownPart, part, text, time } from '../../shapes/own.ts'

const spec = ownPart('io.nanocloud.Device.Spec', 'Which device it is.', {
  hash: needed(text('What the device is known by: letters and digits. Fixed once it is made.')),
  certificateSubject: text('The common name of its certificates: device:HASH.'),
  description: text('What the device is, for people.'),
})

const status = ownPart('io.nanocloud.Device.Status', 'What is known of the device.', {
  certificateIssuedAt: time('When its last certificate was issued.'),
  certificateExpiresAt: time('When that certificate ends; certificates of devices last seven days.'),
  lastSeen: time('When the device last asked for something.'),
})

const ABOUT =
  'A device that gets short-lived certificates; named device-HASH. Deleting it ends the certificates that the device has.'

/** A device that gets short-lived certificates. */
export const device = defineResource({
  group: 'nanocloud.io',
  kind: 'Device',
  plural: 'devices',
  shape: ownKind('io.nanocloud.v1.Device', ABOUT, {
    spec: needed(part(spec, 'Which device it is.')),
    status: part(status, 'What is known of the device; written when it gets certificates.'),
  }),
  hasStatus: true,
  columns: [
    column('Hash', at('spec.hash')),
    column('Seen', since('status.lastSeen', '<never>')),
    column('Expires', at('status.certificateExpiresAt', '<none>')),
    wideColumn('Description', at('spec.description')),
  ],
  defaults: object =>
    changePart(object, 'spec', each => fill(each, { certificateSubject: `device:${textAt(each, 'hash') ?? ''}` })),
  validate: deviceErrors,
  hasController: true,
})

function deviceErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const wanted = jsonAt(object, 'spec')
  const hash = textAt(wanted, 'hash') ?? ''
  const subject = textAt(wanted, 'certificateSubject') ?? ''
  const { name } = object.metadata
  return [
    ...mustHave(wanted, 'hash', 'spec'),
    ...(hash === '' || /^[a-z0-9]{1,128}$/.test(hash)
      ? []
      : [invalid('spec.hash', hash, 'must be at most 128 lower case letters and digits')]),
    ...(name === `device-${hash}` ? [] : [invalid('metadata.name', name, `must be device-${hash}`)]),
    ...(subject === `device:${hash}` ? [] : [invalid('spec.certificateSubject', subject, `must be device:${hash}`)]),
    ...immutable(wanted, jsonAt(old, 'spec'), ['hash', 'certificateSubject'], 'spec'),
  ]
}
