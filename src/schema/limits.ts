/** How deep objects and lists may lie in each other. */
export const VALUE_DEPTH_MAX = 64
/** Bytes of all labels' and annotations' keys and values of one object together. */
export const ANNOTATIONS_BYTES_MAX = 256 * 1024
