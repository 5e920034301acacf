/** The rows of the tree that are to be seen: what is folded is left out, and levels with nothing beside them stand in one row. Pure. */

import type { TopicNode, TopicTree } from './tree.ts'

/** Branches above this depth are open until someone folds them. */
const openDepth = 2
/** Of a message as much is searched: it is done again and again while messages come. */
const searchedBytesMax = 2_048

export interface Row {
  readonly node: TopicNode
  /** Of one level, or of several with a `/` between them. */
  readonly label: string
  readonly depth: number
  /** Undefined when nothing is below. */
  readonly open: boolean | undefined
}

/** Which topics a person has folded or unfolded, against what they would be. */
export type Folds = ReadonlySet<string>

/** The rows, top to bottom; a search shows what fits and what is above it, unfolded. */
export function rowsOf(tree: TopicTree, folds: Folds, search: string): readonly Row[] {
  const rows: Row[] = []
  const fitting = search === '' ? undefined : fittingOf(tree, search.toLowerCase())
  const add = (nodes: readonly TopicNode[], depth: number) => {
    for (const top of nodes) {
      if (fitting && !fitting.has(top)) continue
      const node = foldedChain(top)
      const label = top === node ? top.name : node.topic.slice(top.topic.length - top.name.length)
      const open = node.children.length === 0 ? undefined : fitting !== undefined || depth < openDepth !== folds.has(node.topic)
      rows.push({ node, label, depth, open })
      if (open) add(node.children, depth + 1)
    }
  }
  add(tree.root.children, 0)
  return rows
}

/** Down through levels that had no message of their own and hold a single one. */
function foldedChain(top: TopicNode): TopicNode {
  let node = top
  while (node.count === 0 && node.children.length === 1) node = node.children[0] as TopicNode
  return node
}

/** Topics that fit with all above them, by their names or by their last message. */
function fittingOf(tree: TopicTree, search: string): ReadonlySet<TopicNode> {
  const fitting = new Set<TopicNode>()
  const utf8 = new TextDecoder()
  for (const node of tree.topics()) {
    const last = node.messages[node.messages.length - 1]
    const fits =
      node.topic.toLowerCase().includes(search) ||
      (last && utf8.decode(last.payload.subarray(0, searchedBytesMax)).toLowerCase().includes(search))
    if (fits) for (let above: TopicNode | undefined = node; above; above = above.parent) fitting.add(above)
  }
  return fitting
}
