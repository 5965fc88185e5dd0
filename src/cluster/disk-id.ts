import { rpcFault, type Shape, text } from '#rpc'

/** What a disk is known by, wherever it is moved: 32 hexadecimal digits, and no text that somebody made up. Faults: BadMessage. */
export const diskId: Shape<string> = (value, at) => {
  const id = text(32)(value, at)
  if (/^[0-9a-f]{32}$/.test(id)) return id
  throw rpcFault('BadMessage', `${at} must be 32 hexadecimal digits`)
}
