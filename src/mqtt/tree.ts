/** The subscriptions as a tree of topic levels, so that a publish visits only what can match it. */
import type { QoS } from './packet.ts'

interface Node<S> {
  children: Map<string, Node<S>> | undefined
  subscribers: Map<S, QoS> | undefined
}

/** Filters and their subscribers. Filters and topics given to it must be well-formed. */
export class Tree<S> {
  readonly #root: Node<S> = { children: undefined, subscribers: undefined }

  /** Adds a subscription, or replaces the QoS of the same one. [MQTT-3.8.4-3] */
  subscribe(filter: string, subscriber: S, qos: QoS): void {
    let node = this.#root
    for (const level of filter.split('/')) {
      node.children ??= new Map()
      let child = node.children.get(level)
      if (!child) {
        child = { children: undefined, subscribers: undefined }
        node.children.set(ownText(level), child)
      }
      node = child
    }
    node.subscribers ??= new Map()
    node.subscribers.set(subscriber, qos)
  }

  /** Removes a subscription and the branches that it leaves empty. */
  unsubscribe(filter: string, subscriber: S): void {
    const levels = filter.split('/')
    const path = [this.#root]
    for (const level of levels) {
      const child = path.at(-1)?.children?.get(level)
      if (!child) return
      path.push(child)
    }
    path.at(-1)?.subscribers?.delete(subscriber)
    for (let depth = levels.length; depth > 0; depth--) {
      const node = path[depth]
      if (node?.subscribers?.size || node?.children?.size) return
      path[depth - 1]?.children?.delete(levels[depth - 1] as string)
    }
  }

  /** Visits every subscription that matches a topic; a subscriber with overlapping filters is visited once for each. */
  match(topic: string, visit: (subscriber: S, qos: QoS) => void): void {
    walk(this.#root, topic.split('/'), 0, visit)
  }
}

function walk<S>(node: Node<S>, levels: readonly string[], depth: number, visit: (subscriber: S, qos: QoS) => void): void {
  const children = node.children
  // A wildcard at the root never matches a topic that begins with $. [MQTT-4.7.2-1]
  const wild = depth > 0 || !levels[0]?.startsWith('$')
  const rest = wild ? children?.get('#') : undefined
  if (rest) visitAll(rest, visit)
  if (depth === levels.length) {
    visitAll(node, visit)
    return
  }
  const exact = children?.get(levels[depth] as string)
  if (exact) walk(exact, levels, depth + 1, visit)
  const any = wild ? children?.get('+') : undefined
  if (any) walk(any, levels, depth + 1, visit)
}

function visitAll<S>(node: Node<S>, visit: (subscriber: S, qos: QoS) => void): void {
  if (!node.subscribers) return
  for (const [subscriber, qos] of node.subscribers) visit(subscriber, qos)
}

/** A copy that stands alone: a part of a text pins the whole of it, and nodes outlive the filter that made them. */
function ownText(part: string): string {
  return part.split('').join('')
}
