/** `/mqtt.js` with our own broker, mosquitto and aedes: what works at each QoS and version, in one table, which is the README's. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import type { ClientOptions, Message, ProtocolVersion, Qos } from '../../src/client/mqtt.ts'
import { type Broker, brokers } from '../fixtures/client/brokers.ts'
import { watched } from '../fixtures/client/host.ts'
import { root } from '../fixtures/e2e/daemon.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

/** What a scenario has at hand. */
interface Scene {
  readonly broker: Broker
  readonly version: ProtocolVersion
  /** The topic above all of the scene's topics, and the beginning of its client ids. */
  readonly base: string
  open(t: Test, options?: ClientOptions): ReturnType<typeof watched>
}

/** What is seen, in the README's words: nothing where the version has no such thing. A scenario that fails is told as such. */
type Seen = 'yes' | 'no' | '' | 'it forgets'

const textsOf = (messages: readonly Message[], topic: string): string[] =>
  messages.filter(message => message.topic === topic).map(({ text }) => text)

/** Sends ten messages from one client to another, and looks that each comes once and at its QoS. */
async function passesOn(t: Test, { open, base }: Scene, qos: Qos): Promise<Seen> {
  const [hearing, speaking] = [open(t), open(t)]
  const topic = `${base}/qos-${qos}`
  t.equal(await hearing.client.subscribe(topic, qos), qos)
  await speaking.connected()
  const texts = Array.from({ length: 10 }, (_, index) => String(index))
  await Promise.all(texts.map(text => speaking.client.publish(topic, text, { qos })))
  await until('all of them', () => hearing.messages.length >= texts.length)
  t.strictSame(textsOf(hearing.messages, topic), texts)
  t.ok(hearing.messages.every(message => message.qos === qos && !message.retain))
  return 'yes'
}

/** The client lets 1,000 wait. */
const saidMax = 900

/** Ends the broker while messages are under way, and starts it again; answers what the hearing client has heard. */
async function endInFlight(
  t: Test,
  { open, base, broker }: Scene,
  qos: 1 | 2
): Promise<{ sent: string[]; kept: string[]; heard: string[] }> {
  const topic = `${base}/flight-${qos}`
  const hearing = open(t, { clientId: `${base}-hearing-${qos}`, cleanSession: false })
  await hearing.client.subscribe(topic, qos)
  const speaking = open(t, { clientId: `${base}-speaking-${qos}`, cleanSession: false })
  await speaking.connected()
  const [sent, kept, ends]: [string[], string[], Promise<void>[]] = [[], [], []]
  const say = (): void => {
    const text = String(sent.length)
    sent.push(text)
    ends.push(
      speaking.client.publish(topic, text, { qos }).then(
        () => void kept.push(text),
        () => {}
      )
    )
  }
  while (sent.length < 100) say()
  await until('some to be under way', () => kept.length > 20)
  const ended = broker.end()
  // However long it takes to end, something is under way then.
  for (; speaking.client.state.phase === 'connected' && sent.length < saidMax; await aWhile(1)) say()
  await ended
  say()
  t.ok(kept.length < sent.length, `ended after ${kept.length} of ${sent.length}`)
  await until('both to notice', () => [hearing, speaking].every(({ client }) => client.state.phase !== 'connected'))
  await broker.startAgain()
  for (const { client } of [hearing, speaking]) client.wake()
  await Promise.all(ends)
  await speaking.client.publish(topic, 'end', { qos })
  await until('the last one', () => textsOf(hearing.messages, topic).includes('end'))
  for (const { client } of [hearing, speaking]) client.disconnect()
  return { sent, kept, heard: textsOf(hearing.messages, topic).filter(text => text !== 'end') }
}

const scenarios: Readonly<Record<string, (t: Test, scene: Scene) => Promise<Seen>>> = {
  'QoS 0': (t, scene) => passesOn(t, scene, 0),
  'QoS 1': (t, scene) => passesOn(t, scene, 1),
  'QoS 2': (t, scene) => passesOn(t, scene, 2),

  async retained(t, { open, base }) {
    const speaking = open(t)
    await speaking.client.publish(`${base}/kept/a`, 'a', { qos: 1, retain: true })
    await speaking.client.publish(`${base}/kept/b`, 'b', { qos: 2, retain: true })
    await speaking.client.publish(`${base}/kept/a`, '', { qos: 1, retain: true })
    const heard: string[] = []
    for await (const { text, retain } of open(t).client.messages(`${base}/kept/+`, 1)) {
      heard.push(`${text} ${retain}`)
      if (text === 'end') break
      await speaking.client.publish(`${base}/kept/end`, 'end', { qos: 1 })
    }
    t.strictSame(heard, ['b true', 'end false'])
    return 'yes'
  },

  async will(t, { open, base, version }) {
    const hearing = open(t)
    await hearing.client.subscribe(`${base}/gone/+`, 2)
    let socket: WebSocket | undefined
    class Vanishing extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        socket = this
      }
    }
    const will = { payload: 'gone', qos: 2, ...(version === 5 && { properties: { contentType: 'text/plain' } }) } as const
    const polite = open(t, { will: { topic: `${base}/gone/polite`, ...will } })
    const rude = open(t, { WebSocket: Vanishing, will: { topic: `${base}/gone/rude`, ...will } })
    await polite.connected()
    await rude.connected()
    polite.client.disconnect()
    socket?.terminate()
    await until('the will', () => hearing.messages.length > 0)
    t.match(hearing.messages, [{ topic: `${base}/gone/rude`, text: 'gone', qos: 2 }])
    t.equal(hearing.messages[0]?.properties?.contentType, version === 5 ? 'text/plain' : undefined)
    return 'yes'
  },

  async 'kept session'(t, { open, base, version }) {
    const kept = { clientId: `${base}-kept`, cleanSession: false, ...(version === 5 && { sessionExpirySeconds: 60 }) }
    const before = open(t, kept)
    await before.client.subscribe(`${base}/missed`, 2)
    before.client.disconnect()
    const speaking = open(t)
    for (const qos of [1, 2] as const) await speaking.client.publish(`${base}/missed`, `at ${qos}`, { qos })
    const after = open(t, kept)
    await until('what was missed', () => after.messages.length >= 2)
    t.match(after.client.state, { phase: 'connected', sessionPresent: true })
    t.strictSame(textsOf(after.messages, `${base}/missed`).sort(), ['at 1', 'at 2'])
    return 'yes'
  },

  async 'told when another client takes its id'(t, { open, base, version }) {
    const first = open(t, { clientId: `${base}-same` })
    await first.connected()
    const second = open(t, { clientId: `${base}-same` })
    await until('the first to be gone', () => first.client.state.phase !== 'connected')
    const { state } = first.client
    first.client.disconnect()
    await second.connected()
    if (version === 4) return ''
    if (state.phase !== 'closed') return 'no' // mosquitto 2.0 closes a WebSocket before it has said it
    t.match(state, { reasonCode: 0x8e, reason: /session taken over/ })
    return 'yes'
  },

  async properties(t, { open, base, version }) {
    if (version === 4) return ''
    const { client, messages, connected } = open(t, { clientId: '', userProperties: [['a', 'b']] })
    await connected()
    t.not(client.clientId, '', 'the broker has named it')
    await client.subscribe(`${base}/told`, { qos: 1, subscriptionIdentifier: 77 })
    await client.subscribe(`${base}/unheard`, { qos: 1, noLocal: true })
    await client.publish(`${base}/unheard`, 'by itself', { qos: 1 })
    const properties = {
      ...{ contentType: 'text/plain', payloadFormatIndicator: 1 as const, responseTopic: `${base}/answers`, messageExpirySeconds: 60 },
      correlationData: Uint8Array.of(1, 2),
      userProperties: [
        ['a', '2'],
        ['b', '1'],
        ['a', '1']
      ]
    } as const
    await client.publish(`${base}/told`, 'told', { qos: 1, properties })
    await until('it', () => messages.length > 0)
    t.match(messages, [{ text: 'told', properties: { ...properties, messageExpirySeconds: Number, subscriptionIdentifiers: [77] } }])
    await t.rejects(client.publish(`${base}/told`, '', { qos: 1, properties: { contentType: '\0' } }), { name: 'RangeError' })
    return 'yes'
  },

  async 'broker restarted, QoS 1 at least once'(t, scene) {
    const { sent, kept, heard } = await endInFlight(t, scene, 1)
    t.equal(kept.length, sent.length, 'all were acknowledged in the end')
    if (!scene.broker.keepsState) return 'it forgets'
    t.strictSame(
      sent.filter(text => !heard.includes(text)),
      []
    )
    return 'yes'
  },

  async 'broker restarted, QoS 2 exactly once'(t, scene) {
    const { sent, kept, heard } = await endInFlight(t, scene, 2)
    t.equal(new Set(heard).size, heard.length, 'nothing came twice')
    if (!scene.broker.keepsState) return 'it forgets'
    t.equal(kept.length, sent.length, 'all were acknowledged in the end')
    t.strictSame(heard, sent, 'each once, in order')
    return 'yes'
  }
}

const columns: { readonly name: string; readonly seen: Map<string, string> }[] = []

for (const broker of await Promise.all(brokers.map(start => start(t)))) {
  for (const version of [4, 5] as const) {
    const name = `${broker.name} ${version === 4 ? '3.1.1' : '5.0'}`
    const seen = new Map<string, string>()
    if (!broker.versions.includes(version)) continue
    columns.push({ name, seen })
    await t.test(name, async t => {
      for (const [index, [feature, scenario]] of Object.entries(scenarios).entries()) {
        const base = `${broker.name}-${version}-${index}`
        const open = (t: Test, options: ClientOptions = {}) => watched(t, broker.url, { protocolVersion: version, ...options })
        seen.set(feature, 'NO')
        await t.test(feature, async t => {
          const answer = await scenario(t, { broker, version, base, open })
          if (t.passing()) seen.set(feature, answer)
        })
      }
    })
  }
}

/** What the README tells in one row. */
const together: Readonly<Record<string, readonly string[]>> = {
  'QoS 0, 1 and 2': ['QoS 0', 'QoS 1', 'QoS 2'],
  'retained, will, kept session': ['retained', 'will', 'kept session']
}

t.test('the README tells what was seen', async t => {
  const alone = Object.keys(scenarios).filter(feature => !Object.values(together).flat().includes(feature))
  const rows = [...Object.entries(together), ...alone.map(feature => [feature, [feature]] as const)].map(([row, features]) => {
    const cells = columns.map(({ seen }) => [...new Set(features.map(feature => seen.get(feature)))].join(' or '))
    return [row, ...cells]
  })
  const seen = [['', ...columns.map(({ name }) => name)], ...rows].map(
    cells => `${cells.map(cell => `| ${cell} `.replace('  ', ' ')).join('')}|`
  )
  for (const line of seen) t.comment(line)
  const [, table = ''] = readFileSync(join(root, 'README.md'), 'utf8').split('What works (seen by the tests')
  const [told = ''] = /(?:^\|.*\n)+/m.exec(table) ?? []
  const isRule = (line: string): boolean => /^\|[-|]+$/.test(line)
  const lines = told.split('\n').filter(line => line !== '' && !isRule(line))
  t.strictSame(lines, seen)
})
