/** What the session promises over links that are cut at any instant: QoS 1 at least once, QoS 2 exactly once, each topic in its order. */

import fc from 'fast-check'
import t from 'tap'
import { connect, type Message, type ProtocolVersion } from '../../src/client/mqtt.ts'
import { BrokerDouble, type Told } from '../fixtures/client/broker-double.ts'
import { handTimers, inHand } from '../fixtures/client/hand.ts'
import { versions } from '../fixtures/client/oracle.ts'
import { holdsLater } from '../fixtures/io/property.ts'

type Step = 'take' | 'give' | 'cut' | 'forget' | 'wake' | 'publish 1' | 'publish 2' | 'hear 1' | 'hear 2'

const steps = (...more: Step[]): fc.Arbitrary<Step[]> => {
  const often: Step[] = ['take', 'give', 'wake']
  const step = fc.constantFrom<Step[]>(...often, ...often, ...often, 'cut', 'publish 1', 'publish 2', 'hear 1', 'hear 2', ...more)
  return fc.array(step, { minLength: 20, maxLength: 250 })
}

/** What came of a run: what each side gave, what the other got, and how the promises ended. */
interface Outcome {
  readonly published: readonly (Told & { ended: 'resolved' | 'rejected' | undefined })[]
  readonly accepted: readonly Told[]
  readonly sent: readonly Told[]
  readonly heard: readonly Told[]
  readonly underWayMost: number
}

const receiveMaximum = 3

async function run(version: ProtocolVersion, plan: readonly Step[]): Promise<Outcome> {
  const broker = new BrokerDouble(version, receiveMaximum)
  const published: (Told & { ended: 'resolved' | 'rejected' | undefined })[] = []
  const sent: Told[] = []
  const heard: Told[] = []
  const onMessage = ({ topic, text, qos }: Message) => void heard.push({ topic, payload: text, qos })
  const client = connect('ws://double/mqtt', {
    ...{ protocolVersion: version, clientId: 'fuzzed', cleanSession: false, WebSocket: broker.Socket, timers: handTimers(), onMessage }
  })
  client.subscribe('#', 2).catch(() => {})
  const publish = (qos: 1 | 2) => {
    const told = { topic: `up/${published.length % 2}`, payload: String(published.length), qos, ended: undefined }
    const entry: Told & { ended: 'resolved' | 'rejected' | undefined } = told
    published.push(entry)
    client.publish(entry.topic, entry.payload, { qos }).then(
      () => {
        entry.ended = 'resolved'
      },
      () => {
        entry.ended = 'rejected'
      }
    )
  }
  const hear = (qos: 1 | 2) => {
    const told = { topic: `down/${sent.length % 2}`, payload: String(sent.length), qos }
    sent.push(told)
    broker.publish(told.topic, told.payload, qos)
  }
  const actions: Readonly<Record<Step, () => void>> = {
    take: () => void broker.take(),
    give: () => void broker.give(),
    cut: () => broker.cut(),
    forget: () => broker.forget(),
    wake: () => void (client.state.phase === 'waiting' && client.wake()),
    'publish 1': () => publish(1),
    'publish 2': () => publish(2),
    'hear 1': () => hear(1),
    'hear 2': () => hear(2)
  }
  // The session is there before anything is cut, or what is sent to it would be sent to nobody.
  for (const step of ['take', 'give', 'take', 'give', ...plan] as const) actions[step]()
  actions.wake()
  for (let moves = true; moves; ) {
    const [took, gave] = [broker.take(), broker.give()]
    moves = took || gave
  }
  await new Promise(resolve => setImmediate(resolve))
  if (client.state.phase !== 'connected') throw new Error(`left ${JSON.stringify(client.state)}`)
  client.disconnect()
  return { published, accepted: broker.accepted, sent, heard, underWayMost: broker.underWayMost }
}

const keyOf = ({ topic, payload, qos }: Told): string => `${topic} ${payload} at ${qos}`

/** Says what is wrong with what came of what was given; nothing if nothing is. */
function judge(given: readonly Told[], got: readonly Told[], isWhole: boolean): string | undefined {
  const counts = new Map<string, number>()
  const firsts = got.filter(message => {
    const key = keyOf(message)
    counts.set(key, (counts.get(key) ?? 0) + 1)
    return counts.get(key) === 1
  })
  for (const message of given) {
    const count = counts.get(keyOf(message)) ?? 0
    if (isWhole && count === 0) return `${keyOf(message)} was lost`
    if (message.qos === 2 && count > 1) return `${keyOf(message)} came ${count} times`
  }
  for (const topic of new Set(given.map(message => message.topic))) {
    const orderOf = (messages: readonly Told[]) =>
      messages.filter(message => message.topic === topic).map(message => Number(message.payload))
    const order = orderOf(firsts)
    if (order.some((payload, index) => payload < (order[index - 1] ?? -1))) return `${topic} came as ${order}`
  }
  return undefined
}

for (const version of versions) {
  t.test(`over links that are cut, version ${version}`, async t => {
    await holdsLater(
      t,
      600,
      fc.asyncProperty(steps(), async plan => {
        const { published, accepted, sent, heard, underWayMost } = await run(version, plan)
        const wrong = judge(published, accepted, true) ?? judge(sent, heard, true)
        if (wrong !== undefined) throw new Error(wrong)
        if (published.some(({ ended }) => ended !== 'resolved')) throw new Error('a promise was not kept')
        if (underWayMost > (version === 5 ? receiveMaximum : 20)) throw new Error(`${underWayMost} under way`)
      })
    )
  })

  t.test(`with a broker that loses its sessions, version ${version}`, async t => {
    await holdsLater(
      t,
      600,
      fc.asyncProperty(steps('forget'), async plan => {
        const { published, accepted, sent, heard } = await run(version, plan)
        const wrong = judge(published, accepted, false) ?? judge(sent, heard, false)
        if (wrong !== undefined) throw new Error(wrong)
        const kept = published.filter(({ ended }) => ended === 'resolved')
        const lost = judge(kept, accepted, true)
        if (lost !== undefined) throw new Error(`${lost}, and told as done`)
        if (published.some(({ qos, ended }) => (qos === 1 ? ended !== 'resolved' : ended === undefined)))
          throw new Error('a promise is left')
      })
    )
  })
}

t.test('a QoS 2 message is released after its PUBREC, and repeated as its PUBREL', async t => {
  const { client, newest, again } = inHand(t, { cleanSession: false, clientId: 'a' })
  newest().welcome()
  const published = client.publish('b', '!', { qos: 2 })
  t.same(newest().sent[1], [0x34, 6, 0, 1, 0x62, 0, 1, 0x21])
  newest().receive(0x50, 2, 0, 1)
  t.same(newest().sent[2], [0x62, 2, 0, 1])
  again().welcome(true)
  t.same(newest().sent.slice(1), [[0x62, 2, 0, 1]])
  newest().receive(0x70, 2, 0, 1)
  await published
})

t.test('a QoS 2 message of a session that the broker lost is not repeated', async t => {
  const { client, newest, again } = inHand(t, { cleanSession: false, clientId: 'a' })
  newest().welcome()
  const sent = client.publish('a', '1', { qos: 2 })
  newest().break()
  const waits = client.publish('a', '2', { qos: 2 })
  again().welcome(false)
  await t.rejects(sent, { message: 'Unknown whether it arrived: the broker lost its session' })
  t.same(newest().sent.slice(1), [[0x34, 6, 0, 1, 0x61, 0, 2, 0x32]], 'what was never sent is')
  newest().receive(0x50, 2, 0, 2, 0x70, 2, 0, 2)
  await waits
})

t.test('a page that is loaded anew has other ids than the one before, whose messages may still be under way', async t => {
  const broker = new BrokerDouble(4, receiveMaximum)
  const load = (share: number) =>
    connect('ws://double/mqtt', {
      ...{ clientId: 'a', cleanSession: false, WebSocket: broker.Socket, timers: handTimers(), random: () => share }
    })
  const before = load(0)
  before.publish('a', 'of the page before', { qos: 2 }).catch(() => {})
  for (const step of ['take', 'give', 'take'] as const) broker[step]()
  broker.cut()
  before.disconnect()
  const after = load(0.5)
  t.teardown(() => after.disconnect())
  const published = after.publish('a', 'of this page', { qos: 2 })
  while (broker.take() || broker.give());
  await published
  t.same(
    broker.accepted.map(({ payload }) => payload),
    ['of the page before', 'of this page']
  )
})

t.test('a message of QoS 2 is given out once, until the broker has released it', async t => {
  const { newest, again, messages } = inHand(t, { cleanSession: false, clientId: 'a' })
  const publish = [0x34, 5, 0, 1, 0x61, 0, 7]
  newest().welcome()
  newest().receive(...publish)
  again().welcome(true)
  newest().receive(0x3c, ...publish.slice(1))
  t.equal(messages.length, 1)
  t.same(newest().sent.slice(1), [[0x50, 2, 0, 7]])
  newest().receive(0x62, 2, 0, 7)
  t.same(newest().sent[2], [0x70, 2, 0, 7])
  newest().receive(...publish)
  t.equal(messages.length, 2, 'then its id is free for another')
})

t.test('acknowledgements that do not fit end the link', async t => {
  const wrong: Readonly<Record<string, readonly number[]>> = {
    'PUBREC of QoS 1': [0x50, 2, 0, 1],
    'PUBCOMP of QoS 1': [0x70, 2, 0, 1],
    'PUBACK of QoS 2': [0x40, 2, 0, 2],
    'PUBCOMP before PUBREC': [0x70, 2, 0, 2]
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    const { client, newest } = inHand(t)
    newest().welcome()
    for (const qos of [1, 2] as const) client.publish('a', '', { qos }).catch(() => {})
    newest().receive(...bytes)
    t.match(client.state, { phase: 'waiting', reason: 'The broker broke the protocol: protocol error' }, name)
  }
  const { client, newest } = inHand(t)
  newest().welcome()
  newest().receive(0x40, 2, 0, 9, 0x70, 2, 0, 9, 0xb0, 2, 0, 9, 0x90, 3, 0, 9, 0, 0x50, 2, 0, 9)
  t.equal(client.state.phase, 'connected', 'those of nothing are taken for late')
  t.same(newest().sent.slice(1), [[0x62, 2, 0, 9]], 'and a PUBREC is answered, so that the broker can let go')
})
