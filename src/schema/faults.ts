import { defineFaults } from '#base'

/** What can be wrong with an object before it is looked at as one of a kind. */
export const schemaFault = defineFaults({
  /** A value of a type that its field does not take. */
  BadRequest: { status: 400, retry: 'never' },
})
