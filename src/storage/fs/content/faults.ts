import { defineFaults } from '#base'

/** What ends an operation on a content tree. Every other condition is a return value. */
export const contentFault = defineFaults({
  /** The bytes kept for an interior node are not those its digest names. */
  NodeDamaged: { status: 500, retry: 'later' },
  /** An interior node is not the one encoding of a node at its place: made by a broken or hostile peer. */
  NodeInvalid: { status: 422, retry: 'never' },
})
