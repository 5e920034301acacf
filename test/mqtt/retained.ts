/** Retained messages: the last of each topic, within bounds, and walks that go on while they change. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type Message, weightBytes } from '../../src/mqtt/packet.ts'
import { Retained } from '../../src/mqtt/retained.ts'
import { message, textOf } from '../fixtures/mqtt/packets.ts'

function kept(...texts: string[]): Retained {
  const retained = new Retained()
  for (const text of texts) retained.store(retain(text))
  return retained
}

function retain(text: string): Message {
  return message(text, { qos: 1, retain: true })
}

/** What is left of a walk, as `topic=payload`. */
function rest(walk: ReturnType<Retained['matching']>): string[] {
  const texts: string[] = []
  for (let step = walk.next(); step.value; step = walk.next()) texts.push(texted(step.value.message))
  return texts
}

function texted(message: Message | undefined): string {
  return message ? `${message.topic}=${textOf(message.payload)}` : 'no longer the last'
}

t.test('[MQTT-3.3.1-5] [MQTT-3.3.1-10] [MQTT-3.3.1-11] a message replaces the one before, an empty one removes it', async t => {
  const retained = kept('a=1', 'b=1', 'a=23')
  t.strictSame(rest(retained.matching('#')), ['a=23', 'b=1'])
  t.equal(retained.bytes, weightBytes(retain('a=23')) + weightBytes(retain('b=1')))
  t.ok(retained.store(retain('a=')))
  t.ok(retained.store(retain('c=')), 'nothing was there')
  t.strictSame(rest(retained.matching('#')), ['b=1'])
  t.ok(retained.store(retain('b=')))
  t.equal(retained.count, 0)
  t.equal(retained.bytes, 0)
})

t.test('23: clearing a child leaves its parent', async t => {
  const retained = kept('a=1', 'a/b=1', 'a/b/c=1')
  retained.store(retain('a/b='))
  t.strictSame(rest(retained.matching('#')), ['a=1', 'a/b/c=1'])
})

t.test('one topic more than the bound is refused, and those that are there go on', async t => {
  const retained = new Retained()
  for (let index = 0; index < limits.retainedMessagesMax; index++) t.ok(retained.store(retain(`${index}=x`)))
  t.notOk(retained.store(retain('more=x')))
  t.ok(retained.store(retain('more=')), 'clearing is never refused')
  t.ok(retained.store(retain('0=y')), 'replacing is not one more')
  t.equal(retained.count, limits.retainedMessagesMax)
  t.ok(retained.store(retain('0=')))
  t.ok(retained.store(retain('more=x')), 'room again')
})

t.test('bytes past the bound are refused, and the former message goes: it is no longer the last', async t => {
  const retained = kept('small=x')
  const half = { ...retain('half='), payload: new Uint8Array(limits.retainedBytesMax / 2) }
  t.ok(retained.store(half))
  t.notOk(retained.store({ ...half, topic: 'other' }))
  t.ok(retained.store(half), 'it may replace itself')
  t.notOk(retained.store({ ...half, topic: 'small' }))
  t.strictSame(retained.count, 1)
  t.equal(retained.bytes, weightBytes(half))
})

t.test('what is kept is a copy', async t => {
  const retained = new Retained()
  const received = retain('a=hello')
  retained.store(received)
  received.payload.fill(0)
  t.strictSame(rest(retained.matching('a')), ['a=hello'])
})

t.test('[MQTT-3.3.1-6] filters with and without wildcards', async t => {
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

t.test('5: a walk leaves out what came after it began, even if it has not taken a step', async t => {
  for (const filter of ['a', '+']) {
    const retained = kept('a=1')
    const walk = retained.matching(filter)
    retained.store(retain('a=2'))
    retained.store(retain('b=2'))
    t.strictSame(rest(walk), [], filter)
    t.ok(rest(retained.matching(filter)).includes('a=2'), 'the next walk has it')
  }
})

t.test('5: a walk goes on while messages are replaced, removed and added', async t => {
  const retained = kept('a=1', 'b=1', 'c=1', 'd=1')
  const walk = retained.matching('#')
  const first = walk.next().value
  t.equal(texted(first?.message), 'a=1')
  retained.store(retain('b='))
  retained.store(retain('c=2'))
  retained.store(retain('e=2'))
  t.equal(texted(first?.message), 'a=1', 'what the walk has in its hand stays')
  retained.store(retain('a=2'))
  t.equal(first?.message, undefined, 'until it is no longer the last')
  t.strictSame(rest(walk), ['d=1'])
})

t.test('a message that is removed or refused is nobody’s last', async t => {
  const retained = kept('a=1', 'b=1')
  const walk = retained.matching('#')
  const [a, b] = [walk.next().value, walk.next().value]
  retained.store(retain('a='))
  retained.store({ ...retain('b='), payload: new Uint8Array(limits.retainedBytesMax) })
  t.strictSame([a?.message, b?.message], [undefined, undefined])
})
