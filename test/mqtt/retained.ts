/** Retained messages: the last of each topic, within bounds, and walks that go on while they change. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type Message, weightBytes } from '../../src/mqtt/packet.ts'
import { Retained, type Walk } from '../../src/mqtt/retained.ts'
import { heldBytes } from '../fixtures/mqtt/held.ts'
import { message, textOf } from '../fixtures/mqtt/packets.ts'

function kept(...texts: string[]): Retained {
  const retained = new Retained()
  for (const text of texts) store(retained, retain(text))
  return retained
}

/** A client's message; answers whether it is kept now. */
function store(retained: Retained, message: Message): boolean {
  return retained.store(message, false) !== undefined
}

function retain(text: string): Message {
  return message(text, { qos: 1, retain: true })
}

/** What is left of a walk, as `topic=payload`. */
function rest(walk: Walk, nowMs = 0): string[] {
  const texts: string[] = []
  for (let text = peek(walk, nowMs); text !== undefined; text = peek(walk, nowMs)) {
    texts.push(text)
    walk.shift()
  }
  return texts
}

function peek(walk: Walk, nowMs = 0): string | undefined {
  const message = walk.peek(nowMs)
  return message && `${message.topic}=${textOf(message.payload)}`
}

t.test(
  '[MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7] [3.1.1 MQTT-3.3.1-5] [3.1.1 MQTT-3.3.1-7] [3.1.1 MQTT-3.3.1-10] [3.1.1 MQTT-3.3.1-11] a message replaces the one before, an empty one removes it',
  async t => {
    const retained = kept('a=1', 'b=1', 'a=23')
    t.strictSame(rest(retained.matching('#')), ['a=23', 'b=1'])
    t.equal(retained.bytes, weightBytes(retain('a=23')) + weightBytes(retain('b=1')))
    t.notOk(store(retained, retain('a=')))
    t.notOk(store(retained, retain('c=')), 'nothing was there')
    t.strictSame(rest(retained.matching('#')), ['b=1'])
    t.strictSame(
      ['a', 'b', 'c'].map(topic => retained.has(topic)),
      [false, true, false]
    )
    t.notOk(store(retained, retain('b=')))
    t.equal(retained.count, 0)
    t.equal(retained.bytes, 0)
  }
)

t.test('23: clearing a child leaves its parent', async t => {
  const retained = kept('a=1', 'a/b=1', 'a/b/c=1')
  store(retained, retain('a/b='))
  t.strictSame(rest(retained.matching('#')), ['a=1', 'a/b/c=1'])
})

t.test('one topic more than the bound is refused, and those that are there go on', async t => {
  const retained = new Retained()
  for (let index = 0; index < limits.retainedMessagesMax; index++) t.ok(store(retained, retain(`${index}=x`)))
  t.notOk(store(retained, retain('more=x')))
  t.notOk(store(retained, retain('more=')))
  t.ok(store(retained, retain('0=y')), 'replacing is not one more')
  t.equal(retained.count, limits.retainedMessagesMax)
  t.notOk(store(retained, retain('0=')))
  t.ok(store(retained, retain('more=x')), 'room again')
})

t.test('the daemon has a share of its own, in number and in bytes', async t => {
  const retained = new Retained()
  for (let index = 0; index < limits.retainedMessagesMax; index++) store(retained, retain(`${index}=x`))
  for (let index = 0; index < limits.retainedOwnMessages; index++) t.ok(retained.store(retain(`own/${index}=x`), true))
  t.notOk(retained.store(retain('own/more=x'), true))
  t.notOk(store(retained, retain('more=x')))

  const heavy = kept('small=x')
  const large = { ...retain('large='), payload: new Uint8Array(limits.retainedBytesMax) }
  t.notOk(store(heavy, large))
  t.ok(heavy.store(large, true))
  t.notOk(store(heavy, retain('small=x')), 'which leaves clients nothing')
})

t.test('[MQTT-3.3.2-5] what has expired is not walked any more, and goes when time passes', async t => {
  const retained = kept('for ever=x')
  for (const [topic, expiresAtMs] of [
    ['a', 2_000],
    ['b', 1_000],
    ['c', 2_000]
  ] as const) {
    t.equal(retained.store({ ...retain(`${topic}=x`), expiresAtMs }, false)?.expiresAtMs, expiresAtMs)
  }
  t.strictSame(rest(retained.matching('#')), ['for ever=x', 'a=x', 'b=x', 'c=x'])
  t.strictSame(retained.expire(999), [])
  const walk = retained.matching('+')
  t.strictSame(rest(walk, 1_000), ['for ever=x', 'a=x', 'c=x'], 'also before it goes')
  t.strictSame(retained.expire(1_000), ['b'])
  store(retained, retain('c=y'))
  t.strictSame(retained.expire(1_999), [])
  t.strictSame(retained.expire(9_000), ['a'], 'a message that replaces another has a time of its own')
  t.strictSame(rest(retained.matching('#'), 9_000), ['for ever=x', 'c=y'])
  t.equal(retained.bytes, weightBytes(retain('for ever=x')) + weightBytes(retain('c=y')))
  t.strictSame(retained.expire(Number.MAX_VALUE), [])
})

t.test('bytes past the bound are refused, and the former message goes: it is no longer the last', async t => {
  const retained = kept('small=x')
  const half = { ...retain('half='), payload: new Uint8Array(limits.retainedBytesMax / 2) }
  t.ok(store(retained, half))
  t.notOk(store(retained, { ...half, topic: 'other' }))
  t.ok(store(retained, half), 'it may replace itself')
  t.notOk(store(retained, { ...half, topic: 'small' }))
  t.strictSame(retained.count, 1)
  t.equal(retained.bytes, weightBytes(half))
})

t.test('what is kept is a copy', async t => {
  const retained = new Retained()
  const received = retain('a=hello')
  store(retained, received)
  received.payload.fill(0)
  t.strictSame(rest(retained.matching('a')), ['a=hello'])
})

t.test('[MQTT-3.3.1-9] [3.1.1 MQTT-3.3.1-6] filters with and without wildcards', async t => {
  const retained = kept('a=1', 'a/b=1', '$SYS/a=1')
  const table: readonly [filter: string, texts: readonly string[]][] = [
    ['a', ['a=1']],
    ['b', []],
    ['a/#', ['a=1', 'a/b=1']],
    ['+', ['a=1']],
    ['a/+', ['a/b=1']],
    ['#', ['a=1', 'a/b=1']],
    ['$SYS/+', ['$SYS/a=1']]
  ]
  for (const [filter, texts] of table) t.strictSame(rest(retained.matching(filter)), texts, filter)
})

t.test('5: a walk sends what is the last of a topic when it gets there, and what is new', async t => {
  for (const filter of ['a', '+']) {
    const retained = kept('a=1')
    const walk = retained.matching(filter)
    store(retained, retain('a=2'))
    store(retained, retain('b=2'))
    t.strictSame(rest(walk), filter === 'a' ? ['a=2'] : ['a=2', 'b=2'], filter)
  }
})

t.test('5: a walk goes on while messages are replaced, removed and added', async t => {
  const retained = kept('a=1', 'b=1', 'c=1', 'd=1')
  const walk = retained.matching('#')
  t.equal(peek(walk), 'a=1')
  t.equal(peek(walk), 'a=1', 'as often as it is asked')
  store(retained, retain('a=2'))
  t.equal(peek(walk), 'a=2', 'what is in its hand is always the last')
  walk.shift()
  store(retained, retain('a=3'))
  store(retained, retain('b='))
  store(retained, retain('c=2'))
  store(retained, retain('e=1'))
  t.strictSame(rest(walk), ['c=2', 'd=1', 'e=1'])
})

t.test('5: a message that is removed or refused is nobody’s last, and a topic that comes back is walked', async t => {
  const retained = kept('a=1', 'b=1', 'c=1')
  const walk = retained.matching('#')
  t.equal(peek(walk), 'a=1')
  store(retained, retain('a='))
  store(retained, { ...retain('b='), payload: new Uint8Array(limits.retainedBytesMax) })
  t.equal(peek(walk), 'c=1')
  store(retained, retain('a=2'))
  t.strictSame(rest(walk), ['c=1', 'a=2'])
})

t.test('5: a walk ends even if topics are added as fast as it goes', async t => {
  const retained = kept('first=x')
  const walk = retained.matching('#')
  let steps = 0
  for (let text = peek(walk); text !== undefined; text = peek(walk)) {
    walk.shift()
    store(retained, retain(`${text.slice(0, text.indexOf('='))}=`))
    store(retained, retain(`${++steps}=x`))
    if (steps > 3 * limits.retainedMessagesMax) break
  }
  t.equal(steps, 1 + limits.retainedMessagesMax + limits.retainedOwnMessages)
  t.equal(retained.count, 1)
})

t.test('5: beside a model: whatever is stored meanwhile, a walk gives each topic that stays, as it is then, and once', async () => {
  const step = fc.record({ topic: fc.constantFrom(...'abcdefgh'), empty: fc.boolean(), walk: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), fc.nat(30), (steps, begin) => {
      const retained = new Retained()
      const last = new Map<string, string>()
      let walk: Walk | undefined
      let owed = new Set<string>()
      let serial = 0
      const go = (): boolean => {
        const text = walk && peek(walk)
        if (text === undefined) return false
        const topic = text.slice(0, 1)
        assert.equal(last.get(topic), text)
        assert.ok(owed.delete(topic), `${text} is not owed`)
        walk?.shift()
        return true
      }
      for (const [index, { topic, empty, walk: goes }] of steps.entries()) {
        if (index === begin) {
          walk = retained.matching('+')
          owed = new Set(last.keys())
        }
        const text = `${topic}=${empty ? '' : ++serial}`
        if (empty) owed.delete(topic)
        else if (!last.has(topic)) owed.add(topic)
        if (empty) last.delete(topic)
        else last.set(topic, text)
        store(retained, retain(text))
        if (goes) go()
      }
      while (go());
      if (walk) assert.deepEqual([...owed], [])
    }),
    { numRuns: 500 }
  )
})

t.test('5: a walk that rests while topics come and go holds nothing of them', async t => {
  const retained = kept('a=1', 'b=1')
  const walk = retained.matching('#')
  walk.peek(0)
  const held = heldBytes(() => {
    for (let index = 0; index < 100_000; index++) {
      store(retained, retain(`topic ${index}=x`))
      store(retained, retain(`topic ${index}=`))
    }
  })
  t.strictSame(rest(walk), ['a=1', 'b=1'])
  t.ok(held < 1_000_000, `${held} bytes`)
})
