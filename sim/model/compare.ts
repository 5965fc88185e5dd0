import type { Observed } from './observe.ts'
import type { Node, Tree } from './tree.ts'

/** The first difference between names and attributes as they must be and as they are; undefined when there is none. */
export function differenceOf(tree: Tree, found: ReadonlyMap<number, Observed>): string | undefined {
  const waiting = [...found.keys()]
  for (const ino of waiting) {
    const node = tree.nodes.get(ino)
    const seen = found.get(ino)
    if (seen === undefined) continue
    const difference = node === undefined ? 'must not exist' : differenceOfNode(node, seen)
    if (difference !== undefined) return `inode ${ino} (${seen.kind}): ${difference}`
  }
  return undefined
}

function differenceOfNode(node: Node, seen: Observed): string | undefined {
  if (node.kind !== seen.kind) return `must be a ${node.kind}`
  if (node.nlink !== seen.nlink) return `has ${seen.nlink} links, not ${node.nlink}`
  if (node.kind !== 'file' && node.mode !== seen.mode)
    return `has mode ${seen.mode.toString(8)}, not ${node.mode.toString(8)}`
  if (node.target !== seen.target) return 'has another target'
  return differenceOfNames(node.names, seen.names) ?? differenceOfXattrs(node.xattrs, seen.xattrs)
}

function differenceOfNames(wanted: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): string | undefined {
  for (const [name, ino] of wanted) {
    if (seen.get(name) !== ino) return `${name} is ${seen.get(name) ?? 'missing'}, not inode ${ino}`
  }
  for (const [name, ino] of seen)
    if (!wanted.has(name)) return `has a name ${name} for inode ${ino}, which must not be there`
  return undefined
}

function differenceOfXattrs(
  wanted: ReadonlyMap<string, Buffer>,
  seen: ReadonlyMap<string, Buffer>,
): string | undefined {
  for (const [name, value] of wanted)
    if (seen.get(name)?.equals(value) !== true) return `xattr ${name} is wrong or missing`
  for (const name of seen.keys()) if (!wanted.has(name)) return `xattr ${name} must not be there`
  return undefined
}
