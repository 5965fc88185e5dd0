export { cidOfTree, cidText, type Dag, fileDag, symlinkDag } from './cid.ts'
export { contentFault } from './faults.ts'
export { CHUNK_BYTES_DEFAULT, LINKS_MAX, NODE_CACHE_BYTES } from './limits.ts'
export { dagBytes, decodeNode, encodeNode, nodeBytes, type TreeNode } from './node.ts'
export { type Leaf, type LeafRange, readLeaves } from './read-leaves.ts'
export { type ReferenceChanges, type RootSwap, referenceChanges, referenceKey } from './references.ts'
export { dataBytes, nextData, nextHole } from './seek.ts'
export {
  EMPTY_TREE,
  fullBytes,
  heightOf,
  leafBytes,
  leafCount,
  type Place,
  rootOf,
  type Subtree,
  type Tree,
  type TreeShape,
  treeShape,
} from './shape.ts'
export { type NodeCache, nodeCache, TreeStore } from './tree-store.ts'
export { type TreeChange, type TreeUpdate, updateBytesMax, updateTree } from './update-tree.ts'
export { Zeros } from './zeros.ts'
