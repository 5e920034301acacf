/** The broker beside a model of subscription options: No Local, Retain As Published, Retain Handling, identifiers, shares. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Broker } from '../../src/mqtt/broker.ts'
import type { QoS, SubscriptionOptions } from '../../src/mqtt/packet.ts'
import { isShared, matches, splitShared } from '../../src/mqtt/topic.ts'
import { holds } from '../fixtures/io/property.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import { level5, puback, pubcomp, publish, pubrec, subscribe, unsubscribe } from '../fixtures/mqtt/packets.ts'

const names = ['x', 'y', 'z'] as const
type Name = (typeof names)[number]

type Act =
  | { readonly name: 'subscribe'; readonly who: Name; readonly filter: string; readonly options: SubscriptionOptions }
  | { readonly name: 'unsubscribe'; readonly who: Name; readonly filter: string }
  | { readonly name: 'publish'; readonly who: Name; readonly topic: string; readonly qos: QoS; readonly retain: boolean }

const who = fc.constantFrom(...names)
const qos = fc.constantFrom<QoS>(0, 1, 2)
const filter = fc
  .tuple(fc.constantFrom('', '', '$share/g/', '$share/h/'), fc.constantFrom('a', 'a/b', 'a/#', '+', '+/b', '#'))
  .map(parts => parts.join(''))
const options = fc.record({
  ...{ qos, noLocal: fc.boolean(), retainAsPublished: fc.boolean() },
  ...{ retainHandling: fc.constantFrom<0 | 1 | 2>(0, 1, 2), identifier: fc.constantFrom(0, 1, 7, 268_435_455) }
})
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constant('subscribe' as const), who, filter, options }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('unsubscribe' as const), who, filter }) },
  {
    weight: 5,
    arbitrary: fc.record({ name: fc.constant('publish' as const), who, topic: fc.constantFrom('a', 'a/b', 'b'), qos, retain: fc.boolean() })
  }
)

/** What one client gets, without its packet id. */
interface Copy {
  readonly text: string
  readonly qos: QoS
  readonly retain: boolean
  readonly ids: readonly number[]
}

class Options {
  readonly #house = new House()
  readonly #clients = new Map<Name, Client>(names.map(name => [name, this.#house.connect(name, level5)]))
  /** By filter, the subscribers in the order in which they came. */
  readonly #filters = new Map<string, Map<Name, SubscriptionOptions>>()
  /** By shared filter, how many of its turns are over. */
  readonly #turns = new Map<string, number>()
  readonly #retained = new Map<string, { readonly text: string; readonly qos: QoS }>()
  #serial = 0

  run(act: Act): void {
    assert.ok(this.#house.broker instanceof Broker)
    const client = this.#clients.get(act.who) as Client
    const expected = new Map<Name, Copy[]>(names.map(name => [name, []]))
    if (act.name === 'subscribe') {
      const { noLocal, ...rest } = act.options
      const asked = { ...rest, noLocal: noLocal && !isShared(act.filter) } // [MQTT-3.8.3-4]
      expected.get(act.who)?.push(...this.#subscribe(act.who, act.filter, asked))
      client.sendWithinTurn(subscribe(1, { [act.filter]: asked }))
    } else if (act.name === 'unsubscribe') {
      this.#unsubscribe(act.who, act.filter)
      client.sendWithinTurn(unsubscribe(1, act.filter))
    } else {
      const text = `${act.topic}=${++this.#serial}`
      if (act.retain) this.#retained.set(act.topic, { text, qos: act.qos })
      for (const [name, copy] of this.#deliveries(act, text)) expected.get(name)?.push(copy)
      client.sendWithinTurn(publish(text, { qos: act.qos, retain: act.retain, packetId: act.qos && 1 }))
      if (act.qos === 2) client.sendWithinTurn({ type: 'PUBREL', packetId: 1, reasonCode: 0 })
    }
    this.#house.endTurn()
    for (const name of names) assert.deepEqual(sorted(this.#arrivals(name)), sorted(expected.get(name) ?? []), name)
  }

  /** What comes of the retained messages. */
  #subscribe(who: Name, filter: string, options: SubscriptionOptions): Copy[] {
    const subscribers = this.#filters.get(filter) ?? new Map<Name, SubscriptionOptions>()
    const isNew = !subscribers.has(who)
    this.#filters.set(filter, subscribers.set(who, options))
    const sends = options.retainHandling === 0 || (options.retainHandling === 1 && isNew)
    if (!sends || isShared(filter)) return []
    const matching = [...this.#retained].filter(([topic]) => matches(filter, topic))
    return matching.map(([, { text, qos }]) => ({ text, qos: Math.min(qos, options.qos) as QoS, retain: true, ids: idsOf([options]) }))
  }

  #unsubscribe(who: Name, filter: string): void {
    const subscribers = this.#filters.get(filter)
    subscribers?.delete(who)
    if (subscribers?.size === 0) for (const map of [this.#filters, this.#turns]) map.delete(filter)
  }

  /** One copy for each client with matching filters of its own, and one for each share. */
  #deliveries({ who, topic, qos, retain }: Extract<Act, { name: 'publish' }>, text: string): (readonly [Name, Copy])[] {
    const copyOf = (all: readonly SubscriptionOptions[]): Copy => ({
      text,
      qos: Math.min(qos, Math.max(...all.map(options => options.qos))) as QoS,
      retain: retain && all.some(options => options.retainAsPublished),
      ids: idsOf(all)
    })
    const matching = [...this.#filters].filter(([filter]) => matches(splitShared(filter).filter, topic))
    const plain = matching.filter(([filter]) => !isShared(filter))
    const direct = names.flatMap(name => {
      const all = plain.flatMap(([, subscribers]) => subscribers.get(name) ?? []).filter(({ noLocal }) => !noLocal || name !== who)
      return all.length === 0 ? [] : [[name, copyOf(all)] as const]
    })
    const shared = matching.flatMap(([filter, subscribers]) => (isShared(filter) ? [this.#turn(filter, [...subscribers])] : []))
    return [...direct, ...shared.map(([name, options]) => [name, copyOf([options])] as const)]
  }

  /** Whose turn it is in a share: the next one after the last. */
  #turn(filter: string, subscribers: readonly (readonly [Name, SubscriptionOptions])[]): readonly [Name, SubscriptionOptions] {
    const index = (this.#turns.get(filter) ?? 0) % subscribers.length
    this.#turns.set(filter, index + 1)
    return subscribers[index] as (typeof subscribers)[number]
  }

  /** What came to a client, which acknowledges all of it. */
  #arrivals(name: Name): Copy[] {
    const client = this.#clients.get(name) as Client
    const copies: Copy[] = []
    for (const packet of client.outbox.take()) {
      if (packet.type !== 'PUBLISH') continue
      const { text, qos, retain, subscriptionIds, packetId } = packet
      copies.push({ text, qos, retain, ids: [...subscriptionIds].sort((a, b) => a - b) })
      if (qos === 1) client.sendWithinTurn(puback(packetId))
      if (qos === 2) client.sendWithinTurn(pubrec(packetId), pubcomp(packetId))
    }
    return copies
  }
}

function idsOf(all: readonly SubscriptionOptions[]): number[] {
  return all.flatMap(({ identifier }) => (identifier > 0 ? [identifier] : [])).sort((a, b) => a - b)
}

function sorted(copies: readonly Copy[]): string[] {
  return copies.map(copy => JSON.stringify(copy)).sort()
}

t.test(
  '[MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT-3.3.4-4] [MQTT-3.8.3-3] [MQTT-4.8.2-3] each gets what it asked for',
  async t => {
    const property = fc.property(fc.array(act, { maxLength: 50, size: 'max' }), acts => {
      const model = new Options()
      for (const act of acts) model.run(act)
    })
    holds(t, 400, property)
  }
)
