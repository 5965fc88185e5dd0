const BEGIN = '# cairn mesh: begin (`cairn up --mesh-resolv-conf`)'
const END = '# cairn mesh: end'

/** A resolv.conf(5) in which this server is asked first; it refuses what it does not know, so that the others are asked then. */
export function withNameServer(text: string, address: string): string {
  return `${BEGIN}\nnameserver ${address}\n${END}\n${withoutNameServer(text)}`
}

/** The same without what {@link withNameServer} has put into it. */
export function withoutNameServer(text: string): string {
  const lines = text.split('\n')
  const [from, to] = [lines.indexOf(BEGIN), lines.indexOf(END)]
  if (from < 0) return text
  // Without its end only what is surely ours goes.
  const count = to < from ? 1 + (lines[from + 1]?.startsWith('nameserver ') === true ? 1 : 0) : to - from + 1
  return lines.toSpliced(from, count).join('\n')
}
