/** Iterating over messages: which loop gets what, what is dropped, and how loops end. */

import t from 'tap'
import type { Message, Messages } from '../../src/client/mqtt.ts'
import { type HandSocket, inHand } from '../fixtures/client/hand.ts'

const publish = (topic: string, text: string): number[] => [
  0x30,
  2 + topic.length + text.length,
  0,
  topic.length,
  ...Buffer.from(topic + text)
]
const suback = (id: number, code: number): number[] => [0x90, 3, 0, id, code]

/** A client without `onMessage` that is connected. */
function connected(t: Parameters<typeof inHand>[0]) {
  const { client, newest, again } = inHand(t, { onMessage: undefined as never })
  newest().welcome()
  return { client, newest, again }
}

/** Takes so many messages' texts, then leaves the loop. */
async function take(messages: AsyncIterable<Message>, count: number): Promise<string[]> {
  const texts: string[] = []
  for await (const { text } of messages) {
    texts.push(text)
    if (texts.length === count) break
  }
  return texts
}

/** What was subscribed to and unsubscribed from. */
const asked = (socket: HandSocket): string[] =>
  socket.sent.flatMap(bytes => {
    const name = Buffer.from(bytes.slice(6)).toString()
    return bytes[0] === 0x82 ? [`+${name.slice(0, -1)}`] : bytes[0] === 0xa2 ? [`-${name}`] : []
  })

t.test('a loop over a filter gets what matches, and unsubscribes when it is left', async t => {
  const { client, newest } = connected(t)
  const messages = client.messages('a/+', 1)
  t.same(newest().sent[1], [0x82, 8, 0, 1, 0, 3, ...Buffer.from('a/+'), 1])
  newest().receive(...suback(1, 1), ...publish('a/b', '1'), ...publish('b', 'other'), ...publish('a/c', '2'))
  t.same(await take(messages, 2), ['1', '2'])
  t.same(asked(newest()), ['+a/+', '-a/+'])
  t.same(await take(messages, 1), [], 'it does not begin again')
})

t.test('loops over one filter share its subscription, and leave one that the caller has', async t => {
  const { client, newest } = connected(t)
  const [one, other] = [client.messages('a'), client.messages('a')]
  newest().receive(...publish('a', '1'))
  t.same([await take(one, 1), await take(other, 1)], [['1'], ['1']], 'each gets all')
  t.same(asked(newest()), ['+a', '+a', '-a'], 'the last one unsubscribes')

  client.subscribe('b').catch(() => {})
  newest().receive(...publish('b', 'before'))
  const third = client.messages('b')
  newest().receive(...publish('b', '2'))
  t.same(await take(third, 1), ['2'])
  const fourth = client.messages('c')
  client.subscribe('c').catch(() => {})
  newest().receive(...publish('c', '3'))
  t.same(await take(fourth, 1), ['3'])
  t.same(asked(newest()).slice(3), ['+b', '+b', '+c', '+c'])
})

t.test('a refused subscription is thrown into its loop', async t => {
  const { client, newest } = connected(t)
  const messages = client.messages('a')
  newest().receive(...suback(1, 0x80))
  await t.rejects(take(messages, 1), { name: 'MqttError', reasonCode: 0x80 })
  await t.rejects(take(client.messages('a/#/b'), 1), { name: 'RangeError' })
})

t.test('all messages wait from the first subscription on, and leaving the loop loses none', async t => {
  const { client, newest } = connected(t)
  const granted = client.subscribe('#')
  newest().receive(...suback(1, 0), ...publish('a', '1'), ...publish('b', '2'), ...publish('c', '3'))
  await granted
  t.same(await take(client, 2), ['1', '2'])
  newest().receive(...publish('d', '4'))
  t.same(await take(client, 2), ['3', '4'])
  const next = take(client, 1)
  newest().receive(...publish('e', '5'))
  t.same(await next, ['5'], 'a loop that waits gets it at once')
})

t.test('what is not taken is bounded: the oldest messages are dropped and counted', async t => {
  const { client, newest } = connected(t)
  const few = client.messages('#')
  for (let index = 0; index < 1_005; index += 1) newest().receive(...publish('a', String(index)))
  t.equal(few.dropped, 5)
  t.same(await take(few, 1), ['5'])

  const large = client.messages('#')
  const body = [0, 1, 0x61, ...new Uint8Array(200_000)]
  const length = [(body.length & 0x7f) | 0x80, ((body.length >> 7) & 0x7f) | 0x80, body.length >> 14]
  for (let index = 0; index < 25; index += 1) newest().receiveAll(Uint8Array.from([0x30, ...length, ...body]))
  t.equal(large.dropped, 5, '4 MiB of messages of 200 KB')
})

t.test('loops end with the client', async t => {
  const { client, newest } = connected(t)
  const loops: Messages[] = [client.messages('a'), client[Symbol.asyncIterator]()]
  newest().receive(...publish('a', '1'))
  const ends = loops.map(messages => take(messages, 2))
  client.disconnect()
  t.same(await Promise.all(ends), [['1'], ['1']], 'with what was there')
  t.same(await take(client, 1), [])
  await t.rejects(take(client.messages('a'), 1), { message: 'Disconnected' })
})

t.test('unsubscribing ends the loops over the filter', async t => {
  const { client, newest } = connected(t)
  const loop = take(client.messages('a'), 1)
  client.unsubscribe('a').catch(() => {})
  t.same(await loop, [])
  t.same(asked(newest()), ['+a', '-a'])
})

t.test('a function and loops get the same messages', async t => {
  const { client, newest, messages } = inHand(t)
  newest().welcome()
  client.subscribe('#').catch(() => {})
  newest().receive(...publish('a', 'to the function alone'))
  const all = client[Symbol.asyncIterator]()
  newest().receive(...publish('a', 'to both'))
  t.same(await take(all, 1), ['to both'])
  t.same(
    messages.map(({ text }) => text),
    ['to the function alone', 'to both']
  )
})
