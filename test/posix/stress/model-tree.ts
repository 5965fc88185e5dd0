/** What a model tree holds at a name; hard links are the same object. */
export interface ModelNode {
  readonly kind: 'file' | 'directory' | 'symlink'
  mode: number
  content: string
  mtime: bigint | undefined
  readonly xattrs: Map<string, string>
  readonly children: Map<string, ModelNode>
}

/** Where a path leads: its directory, its last name, and what is there, if anything. */
export interface Place {
  readonly path: string
  readonly parent: ModelNode
  readonly name: string
  readonly node: ModelNode | undefined
}

/** A new node with nothing in it. */
export function modelNode(kind: ModelNode['kind'], mode: number, content = ''): ModelNode {
  return { kind, mode, content, mtime: undefined, xattrs: new Map(), children: new Map() }
}

/** Every directory of the tree with its path, the top first. */
export function directoriesOf(top: ModelNode, path = '.'): { path: string; node: ModelNode }[] {
  const below = [...top.children].filter(([, node]) => node.kind === 'directory')
  return [{ path, node: top }, ...below.flatMap(([name, node]) => directoriesOf(node, `${path}/${name}`))]
}

/** Whether `inner` is `outer` or somewhere below it. */
export function isBelow(inner: ModelNode, outer: ModelNode): boolean {
  return inner === outer || [...outer.children.values()].some(child => isBelow(inner, child))
}

/** The errors rename(2) may give here, any of which is right; none when it must succeed. */
export function renameErrors(from: Place, to: Place, how: 'plain' | 'noreplace' | 'exchange'): string[] {
  const [source, target] = [from.node, to.node]
  if (!source) return ['ENOENT']
  const errors: string[] = []
  if (how === 'noreplace' && target) errors.push('EEXIST')
  if (how === 'exchange' && !target) errors.push('ENOENT')
  if (source.kind === 'directory' && isBelow(to.parent, source)) errors.push('EINVAL')
  if (target?.kind === 'directory' && isBelow(from.parent, target)) errors.push('ENOTEMPTY', 'EINVAL')
  if (errors.length > 0 || !target || how !== 'plain' || source === target) return errors
  if (source.kind === 'directory' && target.kind !== 'directory') return ['ENOTDIR']
  if (source.kind !== 'directory' && target.kind === 'directory') return ['EISDIR']
  return target.children.size > 0 ? ['ENOTEMPTY', 'EEXIST'] : []
}

/** Does to the model what a successful rename(2) does. */
export function applyRename(from: Place, to: Place, how: 'plain' | 'noreplace' | 'exchange'): void {
  const { node } = from
  if (!node || node === to.node) return
  if (how === 'exchange' && to.node) from.parent.children.set(from.name, to.node)
  else from.parent.children.delete(from.name)
  to.parent.children.set(to.name, node)
}

/** How many names each node has. */
export function countLinks(top: ModelNode, counts = new Map<ModelNode, number>()): Map<ModelNode, number> {
  for (const child of top.children.values()) {
    counts.set(child, (counts.get(child) ?? 0) + 1)
    if (child.kind === 'directory') countLinks(child, counts)
  }
  return counts
}
