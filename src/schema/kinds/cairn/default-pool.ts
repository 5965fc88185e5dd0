/** The pool of every Cairn, which keeps all content. */
export const DEFAULT_POOL = 'default'

/** Why there is no other. */
export const ONE_POOL = 'Unsupported: this Cairn keeps all content in one pool'
