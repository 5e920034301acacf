/** Acknowledged means kept, beside clients that keep their side: whenever the process is killed or the power goes. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Broker } from '../../src/mqtt/broker.ts'
import { holds } from '../fixtures/io/property.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { Lasting } from '../fixtures/mqtt/lasting.ts'

type Act =
  | { readonly name: 'publish'; readonly who: number; readonly qos: 1 | 2 }
  | { readonly name: 'answer'; readonly who: number; readonly count: number }
  | { readonly name: 'connect' | 'lose'; readonly who: number }
  | { readonly name: 'turn' | 'fail' | 'mend' | 'killed' | 'power-cut' }

const who = fc.nat(1)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ name: fc.constant('publish' as const), who, qos: fc.constantFrom<1 | 2>(1, 2) }) },
  { weight: 6, arbitrary: fc.record({ name: fc.constant('answer' as const), who, count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 5, arbitrary: fc.record({ name: fc.constantFrom('connect' as const, 'connect' as const, 'lose' as const), who }) },
  { weight: 6, arbitrary: fc.record({ name: fc.constant('turn' as const) }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constantFrom('fail' as const, 'mend' as const, 'killed' as const, 'power-cut' as const) }) }
)

/** A house whose clients all hear and publish; texts are numbered, and tell who published them at which QoS. */
class Town {
  #house = new House()
  readonly #clients = ['x', 'y'].map(id => new Lasting(this.#house, id, 't/#'))
  readonly #published: string[] = []

  run(act: Act): void {
    const client = 'who' in act ? (this.#clients[act.who] as Lasting) : undefined
    if (act.name === 'publish') {
      const text = `t/${act.who}/${act.qos}=${this.#published.length}`
      if (client?.publish(text, act.qos)) this.#published.push(text)
    } else if (act.name === 'answer') client?.answer(act.count)
    else if (act.name === 'connect') client?.connect(this.#house)
    else if (act.name === 'lose') client?.lose()
    else if (act.name === 'turn') this.#turn()
    else if (act.name === 'fail') this.#house.store.state = 'failing'
    else if (act.name === 'mend') this.#house.store.state = 'open'
    else this.#crash(act.name)
    for (const each of this.#clients) each.read()
  }

  /** All come back and say all that they have to say. */
  settle(): void {
    this.run({ name: 'mend' })
    for (const who of this.#clients.keys()) this.run({ name: 'connect', who })
    for (let round = 0; round < 500 && !this.#clients.every(({ isDone }) => isDone); round++) {
      this.run({ name: 'turn' })
      for (const who of this.#clients.keys()) this.run({ name: 'answer', who, count: 99 })
    }
    for (let round = 0; round < 3; round++) this.run({ name: 'turn' })
    assert.ok(
      this.#clients.every(({ isDone }) => isDone),
      'all is acknowledged'
    )
  }

  /** All was acknowledged, and so each must have got all. */
  check(): void {
    for (const { got } of this.#clients) {
      const first = [...new Set(got)]
      assert.deepEqual([...first].sort(), [...this.#published].sort(), 'each gets all')
      for (const source of ['t/0/1', 't/0/2', 't/1/1', 't/1/2']) {
        const numbers = first.filter(text => text.startsWith(`${source}=`)).map(text => Number(text.slice(source.length + 1)))
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
          'in order'
        )
      }
      const exactlyOnce = got.filter(text => text.slice(4, 5) === '2')
      assert.equal(new Set(exactlyOnce).size, exactlyOnce.length, 'at QoS 2 nothing comes twice')
    }
  }

  #turn(): void {
    this.#house.endTurn()
    if (this.#house.store.state === 'open') this.#house.store.turn()
  }

  #crash(how: 'killed' | 'power-cut'): void {
    for (const each of this.#clients) each.forget()
    this.#house = new House(this.#house, how)
    assert.ok(this.#house.broker instanceof Broker)
  }
}

t.test(
  '[MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.3.3-5] [MQTT-4.4.0-1] [MQTT-4.6.0-5] crash at any instant: what was acknowledged comes, at QoS 2 once',
  async t => {
    const property = fc.property(fc.array(act, { maxLength: 70, size: 'max' }), acts => {
      const town = new Town()
      for (const act of acts) town.run(act)
      town.settle()
      town.check()
    })
    holds(t, 1_000, property)
  }
)
