/** Objects inside each other in one schema that have no name of their own. */
export const SCHEMA_DEPTH_MAX = 64
/** Bytes of a document that are made at once: the event loop turns between. */
export const DOCUMENT_SLICE_BYTES = 16 * 1024
