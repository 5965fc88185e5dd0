import { defineResource } from '../../define.ts'
import { jsonAt } from '../../json.ts'
import { mustHave } from '../../rules.ts'
import { needed, ownKind, ownPart, part, text, time } from '../../shapes/own.ts'

const spec = ownPart('io.nanocloud.Certificate.Spec', 'What is asked for.', {
  csr: needed(text('A certificate request of PKCS #10 as PEM; its common name is who asks.')),
})

const status = ownPart('io.nanocloud.Certificate.Status', 'What was issued.', {
  certificate: text('The certificate, as PEM.'),
  caBundle: text('The certificate of the authority that issued it, as PEM.'),
  expirationTimestamp: time('When the certificate ends.'),
})

/** Asks for a certificate with a token; answered, and never kept. */
export const certificate = defineResource({
  group: 'nanocloud.io',
  kind: 'Certificate',
  plural: 'certificates',
  isNamespaced: false,
  verbs: ['create'],
  shape: ownKind('io.nanocloud.v1.Certificate', 'Asks for a certificate with a token; answered, and never kept.', {
    spec: needed(part(spec, 'What is asked for.')),
    status: part(status, 'What was issued.'),
  }),
  validate: object => mustHave(jsonAt(object, 'spec'), 'csr', 'spec'),
  hasController: true,
})
