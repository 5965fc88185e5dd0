import { rpcFault, type Shape, text } from '#rpc'

/** What a disk is known by, wherever it is moved: 32 hexadecimal digits, and no text that somebody made up. Faults: BadMessage. */
export const diskId: Shape<string> = (value, at) => {
  const id = text(32)(value, at)
  if (/^[0-9a-f]{32}$/.test(id)) return id
  throw rpcFault('BadMessage', `${at} must be 32 hexadecimal digits`)
}

/** What people call a disk: the first of a machine as the machine, others by their ids too. */
export function diskName(machine: string, { id }: { readonly id: string }, at: number): string {
  return at === 0 ? machine : `${machine}-${id.slice(0, ID_LETTERS)}`
}

/** The machine whose disk is called so; undefined: none of these. */
export function machineOfDisk(name: string, machines: readonly string[]): string | undefined {
  const of = new RegExp(`^(.+)-[0-9a-f]{${ID_LETTERS}}$`).exec(name)?.[1]
  return machines.find(each => each === name) ?? machines.find(each => each === of)
}

const ID_LETTERS = 8
