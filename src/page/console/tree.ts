/** All topics that were heard, as a tree with the last messages of each; whatever a broker sends, it stays within its bounds. Pure. */

import type { Message } from '../../client/client.ts'
import { Rate } from './rate.ts'

/** Topics and the levels above them. */
const nodesMax = 2_000
/** Deeper levels stand together in one. */
const levelsMax = 24
/** Messages kept of a topic. */
const messagesMax = 100
/** The names of all topics together, and of the levels above them. */
const charactersMax = 2 * 1_048_576
/** All messages that are kept, with what keeping costs. */
const bytesMax = 16 * 1_048_576
const messageCostBytes = 200
const pairCostBytes = 80

/** What is kept of a message, and when it came. */
export interface Heard extends Pick<Message, 'payload' | 'qos' | 'retain' | 'dup' | 'properties'> {
  readonly atMs: number
  /** About what keeping it takes. */
  readonly costBytes: number
}

/** A topic, or a level above topics. */
export interface TopicNode {
  /** The last level of its topic. */
  readonly name: string
  readonly topic: string
  readonly parent: TopicNode | undefined
  /** By name. */
  readonly children: readonly TopicNode[]
  /** Of this topic alone, oldest first, as far as they are kept. */
  readonly messages: readonly Heard[]
  /** Messages of this topic alone. */
  readonly count: number
  /** Messages of this topic and of all below it. */
  readonly countBelow: number
  /** Of this topic and of all below it. */
  readonly rate: Rate
  /** When the last message came, of this topic or of one below it. */
  readonly lastMs: number
  /** Whether the broker is known to keep a message of this topic. */
  readonly retained: boolean
}

interface Node extends TopicNode {
  readonly parent: Node | undefined
  readonly children: Node[]
  messages: Heard[]
  count: number
  countBelow: number
  lastMs: number
  retained: boolean
}

/** What did not fit. */
export interface Dropped {
  /** Messages of topics beyond the bound. */
  readonly unplaced: number
  /** Messages forgotten before a topic had its full number of them. */
  readonly forgotten: number
}

const collator = new Intl.Collator(undefined, { numeric: true })

export class TopicTree {
  readonly #root: Node = nodeOf('', '', undefined)
  readonly #nodes = new Map<string, Node>()
  #bytes = 0
  #characters = 0
  #shape = 0
  #unplaced = 0
  #forgotten = 0

  /** Grows when a topic has its first message. */
  get shape(): number {
    return this.#shape
  }

  get dropped(): Dropped {
    return { unplaced: this.#unplaced, forgotten: this.#forgotten }
  }

  /** The nothing above all topics. */
  get root(): TopicNode {
    return this.#root
  }

  /** What messages take, with what keeping them costs. */
  get bytes(): number {
    return this.#bytes
  }

  find(topic: string): TopicNode | undefined {
    return this.#nodes.get(topic)
  }

  /** Each topic that had a message. */
  *topics(): Generator<TopicNode> {
    for (const node of this.#nodes.values()) if (node.count > 0) yield node
  }

  /** Takes a message in; keeps a copy of its payload, which may be a view of something larger. */
  hear(message: Omit<Message, 'text'>, atMs: number): void {
    const { payload, qos, retain, dup, properties } = message
    const node = this.#nodes.get(message.topic) ?? this.#plant(message.topic)
    if (!node) {
      this.#unplaced += 1
      return
    }
    const costBytes = costOf(payload, properties)
    node.messages.push({
      payload: payload.slice(),
      qos,
      retain,
      dup,
      ...(properties && { properties }),
      atMs,
      costBytes
    })
    this.#bytes += costBytes
    if (node.messages.length > messagesMax) this.#shorten(node, messagesMax)
    if (node.count === 0) this.#shape += 1
    node.count += 1
    // A message that is sent as it happens does not tell whether it is kept as well, unless it is empty: then nothing is.
    node.retained = payload.length > 0 && (retain || node.retained)
    for (let above: Node | undefined = node; above; above = above.parent) {
      above.countBelow += 1
      above.rate.count(atMs)
      above.lastMs = atMs
    }
    if (this.#bytes > bytesMax) this.#thin()
  }

  /** The node of a topic, with the levels above it; undefined when there is no room. */
  #plant(topic: string): Node | undefined {
    const names = levelsOf(topic)
    const paths = names.map((_, index) => names.slice(0, index + 1).join('/'))
    const missing = paths.filter(path => !this.#nodes.has(path))
    const characters = missing.reduce((sum, path) => sum + path.length, 0)
    if (this.#nodes.size + missing.length > nodesMax || this.#characters + characters > charactersMax) return undefined
    this.#characters += characters
    return paths.reduce((parent, path, index) => this.#nodes.get(path) ?? this.#add(parent, names[index] as string, path), this.#root)
  }

  #add(parent: Node, name: string, topic: string): Node {
    const node = nodeOf(name, topic, parent)
    this.#nodes.set(topic, node)
    const place = parent.children.findIndex(other => collator.compare(other.name, name) > 0)
    parent.children.splice(place < 0 ? parent.children.length : place, 0, node)
    return node
  }

  /** Makes room for as much again: the histories go first, evenly, and then topics that were heard long ago. */
  #thin(): void {
    const enough = bytesMax / 2
    for (let most = messagesMax >> 1; most >= 1 && this.#bytes > enough; most >>= 1)
      for (const node of this.#nodes.values()) this.#forgotten += this.#shorten(node, most)
    const oldest = [...this.#nodes.values()].sort((a, b) => a.lastMs - b.lastMs)
    for (const node of oldest) if (this.#bytes > enough) this.#forgotten += this.#shorten(node, 0)
  }

  #shorten(node: Node, most: number): number {
    const gone = node.messages.splice(0, Math.max(node.messages.length - most, 0))
    for (const { costBytes } of gone) this.#bytes -= costBytes
    return gone.length
  }
}

function nodeOf(name: string, topic: string, parent: Node | undefined): Node {
  return { name, topic, parent, children: [], messages: [], count: 0, countBelow: 0, rate: new Rate(), lastMs: 0, retained: false }
}

/** Properties may be far larger than the payload; a character takes up to two bytes. */
function costOf(payload: Uint8Array, properties: Heard['properties'] = {}): number {
  const { contentType = '', responseTopic = '', correlationData, userProperties = [], subscriptionIdentifiers = [] } = properties
  const pairs = userProperties.reduce((sum, [name, value]) => sum + pairCostBytes + 2 * (name.length + value.length), 0)
  const others = 2 * (contentType.length + responseTopic.length) + (correlationData?.length ?? 0) + 8 * subscriptionIdentifiers.length
  return messageCostBytes + payload.length + pairs + others
}

function levelsOf(topic: string): readonly string[] {
  const levels = topic.split('/', levelsMax)
  const depth = levels.length
  if (depth < levelsMax) return levels
  const above = levels.slice(0, -1)
  return [...above, topic.slice(above.join('/').length + 1)]
}
