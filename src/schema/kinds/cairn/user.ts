import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { invalid } from '../../field-error.ts'
import { fillPart } from '../../fill.ts'
import { jsonAt, textAt, textsAt } from '../../json.ts'
import { conditions, flag, list, ownKind, ownPart, part, text, time } from '../../shapes/own.ts'

const spec = ownPart('dev.cairn.User.Spec', 'Who the person is.', {
  displayName: text('What people call the person.'),
  email: text('Where the person can be written to.'),
  groups: list(
    { kind: 'string' },
    'Groups that the person is in, beside those of the credential; roles may be bound to them.',
  ),
  disabled: flag(
    'Refuses all that the person asks for, with whichever credential, and cuts open connections; nothing is forgotten. A certificate of the group system:masters is revoked instead.',
  ),
})

const status = ownPart('dev.cairn.User.Status', 'What is known of the person.', {
  phase: text('Active or Disabled.'),
  lastSeen: time('When the person last asked for something.'),
  message: text('Why it is as it is, for people.'),
  conditions,
})

const ABOUT =
  'A person, known by the name that roles are bound to and credentials are for. Nobody needs one: it adds groups, and disables. Who may write it gives every role that is bound to a group.'

/** A person, known by a name that roles are bound to. */
export const user = defineResource({
  group: 'cairn.dev',
  kind: 'User',
  plural: 'users',
  categories: ['cairn'],
  isNamespaced: false,
  hasController: true,
  hasStatus: true,
  shape: ownKind('dev.cairn.v1.User', ABOUT, {
    spec: part(spec, 'Who the person is.'),
    status: part(status, 'What is known of the person.'),
  }),
  columns: [
    column('Display Name', at('spec.displayName')),
    column('Disabled', at('spec.disabled', false), { type: 'boolean' }),
    wideColumn('Groups', object => textsAt(object, 'spec', 'groups').join(',') || '<none>'),
  ],
  defaults: object => fillPart(object, 'spec', { disabled: false }),
  validate: object => {
    const email = textAt(object, 'spec', 'email')
    const reserved = textsAt(object, 'spec', 'groups').filter(group => group.startsWith('system:'))
    return [
      ...(email === undefined || /^[^@\s]+@[^@\s]+$/.test(email)
        ? []
        : [invalid('spec.email', email, 'must be an address such as name@example.com')]),
      ...(reserved.length === 0 ? [] : [invalid('spec.groups', jsonAt(object, 'spec', 'groups'), RESERVED)]),
    ]
  },
})

const RESERVED = "may not name groups that begin with 'system:'"
