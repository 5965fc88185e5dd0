/**
 * Options of an `LRUCache` of at most so many entries that takes memory as it fills. With `max` it takes that of all of them at
 * once, 16 bytes for each, and most caches stay nearly empty.
 */
export function atMost(entries: number): { readonly maxSize: number; readonly sizeCalculation: () => number } {
  return { maxSize: entries, sizeCalculation: () => 1 }
}
