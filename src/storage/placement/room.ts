/** How many bytes find room when each has so many copies, all on different machines. */
export function roomFor(copies: number, freeBytes: readonly number[]): number {
  // A machine that has more than all that is put takes one copy of everything, and the others share the rest.
  const ascending = [...freeBytes].sort((a, b) => a - b)
  let [left, rest] = [copies, ascending.reduce((sum, each) => sum + each, 0)]
  for (let largest = ascending.pop(); largest !== undefined; largest = ascending.pop()) {
    if (largest * left <= rest) return Math.floor(rest / left)
    rest -= largest
    left -= 1
  }
  return 0
}
