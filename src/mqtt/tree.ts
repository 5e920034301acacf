/** The subscriptions as a tree of topic levels, so that a publish visits only what can match it. */
import type { SubscriptionOptions } from './packet.ts'
import { splitShared } from './topic.ts'

/** One subscriber of a filter, and what it asked for. */
export interface Subscribed<S> {
  readonly subscriber: S
  options: SubscriptionOptions
}

/** The subscribers that share the messages of a filter; each message goes to one of them. */
export interface Group<S> {
  readonly members: Subscribed<S>[]
  /** Whose turn it is, as a place among the members or past them. */
  next: number
}

/** Takes what matches a topic. */
export interface Visitor<S> {
  subscriber(subscribed: Subscribed<S>): void
  group(group: Group<S>): void
}

interface Node<S> {
  children: Map<string, Node<S>> | undefined
  subscribers: Subscribed<S>[] | undefined
  /** By share name. */
  groups: Map<string, Group<S>> | undefined
}

/** Filters and their subscribers. Filters and topics given to it must be well-formed. */
export class Tree<S> {
  readonly #root: Node<S> = makeNode()

  /** Adds a subscription, or replaces the options of the same one. [MQTT-3.8.4-3] */
  subscribe(sharedFilter: string, subscriber: S, options: SubscriptionOptions): void {
    const { shareName, filter } = splitShared(sharedFilter)
    let node = this.#root
    for (const level of filter.split('/')) {
      node.children ??= new Map()
      let child = node.children.get(level)
      if (!child) {
        child = makeNode()
        node.children.set(ownText(level), child)
      }
      node = child
    }
    const list = listOf(node, shareName)
    const former = list.find(subscribed => subscribed.subscriber === subscriber)
    if (former) former.options = options
    else list.push({ subscriber, options })
  }

  /** Removes a subscription and the branches that it leaves empty. */
  unsubscribe(sharedFilter: string, subscriber: S): void {
    const { shareName, filter } = splitShared(sharedFilter)
    const levels = filter.split('/')
    const path = [this.#root]
    for (const level of levels) {
      const child = path.at(-1)?.children?.get(level)
      if (!child) return
      path.push(child)
    }
    removeFrom(path.at(-1) as Node<S>, shareName, subscriber)
    for (let depth = levels.length; depth > 0; depth--) {
      const { subscribers, groups, children } = path[depth] as Node<S>
      if (subscribers?.length || groups?.size || children?.size) return
      path[depth - 1]?.children?.delete(levels[depth - 1] as string)
    }
  }

  /** Visits every subscription that matches a topic; a subscriber with overlapping filters is visited once for each. */
  match(topic: string, visitor: Visitor<S>): void {
    walk(this.#root, topic, 0, visitor)
  }
}

/** @param from where the next level of the topic begins; past its end behind the last one. Only those that may match are cut out. */
function walk<S>(node: Node<S>, topic: string, from: number, visitor: Visitor<S>): void {
  const { children } = node
  // A wildcard at the root never matches a topic that begins with $. [MQTT-4.7.2-1]
  const wild = from > 0 || !topic.startsWith('$')
  const rest = wild ? children?.get('#') : undefined
  if (rest) visitAll(rest, visitor)
  if (from > topic.length) visitAll(node, visitor)
  if (!children || from > topic.length) return
  const slash = topic.indexOf('/', from)
  const to = slash < 0 ? topic.length : slash
  const exact = children.get(topic.slice(from, to))
  if (exact) walk(exact, topic, to + 1, visitor)
  const any = wild ? children.get('+') : undefined
  if (any) walk(any, topic, to + 1, visitor)
}

function visitAll<S>({ subscribers, groups }: Node<S>, visitor: Visitor<S>): void {
  if (subscribers) for (const subscribed of subscribers) visitor.subscriber(subscribed)
  if (groups) for (const group of groups.values()) visitor.group(group)
}

function listOf<S>(node: Node<S>, shareName: string): Subscribed<S>[] {
  if (shareName === '') {
    node.subscribers ??= []
    return node.subscribers
  }
  node.groups ??= new Map()
  let group = node.groups.get(shareName)
  if (!group) {
    group = { members: [], next: 0 }
    node.groups.set(shareName, group)
  }
  return group.members
}

function removeFrom<S>(node: Node<S>, shareName: string, subscriber: S): void {
  const list = shareName === '' ? node.subscribers : node.groups?.get(shareName)?.members
  const index = list?.findIndex(subscribed => subscribed.subscriber === subscriber) ?? -1
  if (index >= 0) list?.splice(index, 1)
  if (shareName !== '' && list?.length === 0) node.groups?.delete(shareName)
}

function makeNode<S>(): Node<S> {
  return { children: undefined, subscribers: undefined, groups: undefined }
}

/** A copy that stands alone: a part of a text pins the whole of it, and nodes outlive the filter that made them. */
function ownText(part: string): string {
  return part.split('').join('')
}
