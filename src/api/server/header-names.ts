/** Whether some header of a request that came by a connection may begin so, in lower case; true where only the request knows. */
export function mayHaveHeaders(connection: unknown, prefix: string): boolean {
  if (typeof connection !== 'object' || connection === null || !('incoming' in connection)) return true
  const { incoming } = connection
  if (typeof incoming !== 'object' || incoming === null || !('headers' in incoming)) return true
  const { headers } = incoming
  if (typeof headers !== 'object' || headers === null) return true
  for (const name in headers) if (name.startsWith(prefix)) return true
  return false
}
