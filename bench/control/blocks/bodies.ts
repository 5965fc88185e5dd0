const KEYS = 150_000

/** A config map of nearly the largest body there is: so many small keys that nothing of it is cheap. */
export function smallKeys(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: keys(KEYS) })
}

/** A config map that is taken: as many small keys as fit a mebibyte. */
export function manyKeys(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: keys(10_000) })
}

function keys(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, 'v']))
}
