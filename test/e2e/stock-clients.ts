/**
 * Clients that were not written for this broker, each in its own language, do with it all that they do with any other.
 * `STOCK_CLIENTS_WITH=mosquitto` puts mosquitto in the daemon's place.
 */
import t, { type Test } from 'tap'
import { limits } from '../../src/limits.ts'
import {
  type Client,
  type Feature,
  features,
  heardOn,
  type Listener,
  type Listening,
  type Make,
  newId,
  type Properties,
  type Qos,
  type Transport,
  untilHeard,
  type Version
} from '../fixtures/clients/client.ts'
import { commands } from '../fixtures/clients/commands.ts'
import { libraries } from '../fixtures/clients/libraries.ts'
import { startMosquitto } from '../fixtures/clients/mosquitto-broker.ts'
import { browserClients } from '../fixtures/clients/pages.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { startBrowser } from '../fixtures/e2e/phone.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

t.jobs = 8

const isMosquitto = process.env['STOCK_CLIENTS_WITH'] === 'mosquitto'
const broker = isMosquitto ? await startMosquitto(t) : await startDaemon(t, { source: '/dev/does-not-exist', more: ['--origins', 'any'] })
const addresses: Readonly<Record<Transport, string>> = {
  TCP: `tcp://127.0.0.1:${broker.mqttPort}`,
  WebSocket: `ws://127.0.0.1:${broker.httpPort}/mqtt`
}
const browser = await startBrowser(t)
const makes: readonly Make[] = [...libraries(t), ...commands, ...(await browserClients(t, browser))]

/** A make in one version over one transport, and what was seen of it. */
interface Row {
  readonly name: string
  readonly make: Make
  readonly version: Version
  readonly transport: Transport
  readonly seen: Map<Feature, boolean>
}

const rows: readonly Row[] = makes.flatMap(make =>
  make.versions.flatMap(version =>
    make.transports.map(transport => ({ name: `${make.name}, ${version}, ${transport}`, make, version, transport, seen: new Map() }))
  )
)

/** What a scenario has at hand. */
interface Scene {
  readonly client: Client
  readonly make: Make
  /** The topic above all of the row's topics. */
  readonly base: string
  /** Listens to all that is below. */
  readonly watcher: Listener
  /** Is to die, leaves a will, and comes again if it can. */
  readonly victim: Listener
  readonly victimWish: Listening
}

const watcherIdentifier = 77

/** Longer than a second is kept by any broker. */
const overOneSecondMs = 3000

const scenarios: Readonly<Record<Feature, (t: Test, scene: Scene) => Promise<void>>> = {
  'QoS 0': (t, scene) => passesOn(t, scene, 0),
  'QoS 1': (t, scene) => passesOn(t, scene, 1),
  'QoS 2': (t, scene) => passesOn(t, scene, 2),

  async retained(t, { client, make, base, watcher }) {
    const [cleared, kept] = [`${base}/kept/a`, `${base}/kept/b`]
    for (const topic of [cleared, kept]) await client.publish({ topic, payload: 'retained', qos: 1, retain: true })
    t.equal(
      (await untilHeard(watcher, kept, 'retained')).retain,
      make.tellsLittle ? undefined : false,
      'a message that passes is not marked'
    )
    await client.publish({ topic: cleared, payload: '', qos: 1, retain: true })
    await untilHeard(watcher, cleared, '')
    const late = await client.listen({ topic: `${base}/kept/+`, qos: 1 })
    t.equal((await untilHeard(late, kept, 'retained')).retain, make.tellsLittle ? undefined : true, 'one that was kept is')
    await client.publish({ topic: `${base}/kept/end`, payload: 'end', qos: 1 })
    await untilHeard(late, `${base}/kept/end`, 'end')
    t.strictSame(heardOn(late, cleared), [], 'and one that was cleared is gone')
  },

  async will(t, { base, watcher, victim }) {
    t.strictSame(heardOn(watcher, `${base}/will`), [], 'no will while it lives')
    await victim.die()
    await untilHeard(watcher, `${base}/will`, 'it died')
  },

  async 'kept session'(t, { client, make, base, victim, victimWish }) {
    const topic = `${base}/missed`
    await victim.die()
    for (const qos of [1, 2] as const) await client.publish({ topic, payload: `missed at ${qos}`, qos })
    const again = await client.listen(victimWish)
    await client.publish({ topic, payload: 'live at 1', qos: 1 })
    const expected = ['live at 1', 'missed at 1', 'missed at 2']
    // Messages of different QoS may overtake one another: some clients hand one of QoS 2 over only when it is released.
    for (const payload of expected) await untilHeard(again, topic, payload)
    const heard = heardOn(again, topic)
    t.strictSame(payloads(heard).sort(), expected, 'what it missed and what it did not, each once')
    t.ok(make.tellsLittle || heard.every(({ qos, payload }) => payload.endsWith(`at ${qos}`)), 'each at its QoS')
  },

  async properties(t, { client, make, base, watcher }) {
    const topic = `${base}/properties`
    const users = make.groups ? ['a=1', 'a=3', 'b=2'] : ['a=1', 'b=2', 'a=3']
    const properties: Properties = [
      ['content-type', 'text/plain'],
      ['correlation-data', 'question 1'],
      ['message-expiry-interval', '1000'],
      ['payload-format-indicator', '1'],
      ['response-topic', `${base}/answers`],
      ...users.map(user => ['user-property', user] as const)
    ]
    await client.publish({ topic, payload: 'described', qos: 1, properties })
    const heard = (await untilHeard(watcher, topic, 'described')).properties
    const named = (name: string): string[] => heard.filter(property => property[0] === name).map(([, value]) => value)
    t.strictSame(named('user-property'), users, 'user properties in their order')
    const [expiry] = named('message-expiry-interval')
    t.ok(Number(expiry) > 900 && Number(expiry) <= 1000, `${expiry} seconds are left`)
    for (const [name, value] of properties.filter(([name]) => !['user-property', 'message-expiry-interval'].includes(name))) {
      t.strictSame(named(name), [value], name)
    }
  },

  async 'session expiry'(t, { client, base }) {
    const topic = `${base}/expired`
    const listening = { topic, qos: 1, id: newId(), keptSeconds: 1 } as const
    await (await client.listen(listening)).die()
    await aWhile(overOneSecondMs)
    await client.publish({ topic, payload: 'to nobody', qos: 1 })
    const again = await client.listen(listening)
    await client.publish({ topic, payload: 'to a new session', qos: 1 })
    await untilHeard(again, topic, 'to a new session')
    t.strictSame(payloads(heardOn(again, topic)), ['to a new session'])
  },

  async 'message expiry'(t, { client, base }) {
    const publish = (name: string, seconds: string): Promise<void> =>
      client.publish({
        topic: `${base}/expiring/${name}`,
        payload: name,
        qos: 1,
        retain: true,
        properties: [['message-expiry-interval', seconds]]
      })
    await publish('brief', '1')
    await publish('lasting', '1000')
    await aWhile(overOneSecondMs)
    const late = await client.listen({ topic: `${base}/expiring/+`, qos: 1 })
    await untilHeard(late, `${base}/expiring/lasting`, 'lasting')
    await client.publish({ topic: `${base}/expiring/end`, payload: 'end', qos: 1 })
    await untilHeard(late, `${base}/expiring/end`, 'end')
    t.strictSame(payloads(late.heard), ['lasting', 'end'])
  },

  async 'request/response'(t, { client, base, watcher }) {
    const question: Properties = [
      ['response-topic', `${base}/answers/here`],
      ['correlation-data', 'question 2']
    ]
    await client.publish({ topic: `${base}/questions`, payload: 'how many watts?', qos: 1, properties: question })
    const asked = new Map((await untilHeard(watcher, `${base}/questions`, 'how many watts?')).properties)
    const properties = [['correlation-data', asked.get('correlation-data') ?? '']] as const
    await client.publish({ topic: asked.get('response-topic') ?? '', payload: '345', qos: 1, properties })
    const answer = await untilHeard(watcher, `${base}/answers/here`, '345')
    t.strictSame(
      answer.properties.filter(([name]) => name === 'correlation-data'),
      [question[1]]
    )
  },

  async 'shared subscription'(t, { client, base }) {
    const topic = `${base}/work`
    const wish = { topic: `$share/workers/${topic}`, qos: 1 } as const
    const workers = [await client.listen(wish), await client.listen(wish)]
    const work = Array.from({ length: 8 }, (_, index) => `piece ${index}`)
    for (const payload of work) await client.publish({ topic, payload, qos: 1 })
    const done = (): string[] => workers.flatMap(worker => payloads(heardOn(worker, topic)))
    await until('all work to be done', () => done().length >= work.length)
    t.strictSame(done().sort(), work, 'each piece by one of them')
  },

  async 'subscription id'(t, { client, base, watcher }) {
    await client.publish({ topic: `${base}/identified`, payload: 'whose?', qos: 1 })
    const { properties } = await untilHeard(watcher, `${base}/identified`, 'whose?')
    t.strictSame(
      properties.filter(([name]) => name === 'subscription-identifier'),
      [['subscription-identifier', String(watcherIdentifier)]]
    )
  }
}

/** One message goes to the broker and comes back, both times at its QoS, and once. */
async function passesOn(t: Test, { client, make, base, watcher }: Scene, qos: Qos): Promise<void> {
  const topic = `${base}/at/${qos}`
  await client.publish({ topic, payload: `at ${qos}`, qos })
  await client.publish({ topic, payload: 'end', qos: 2 })
  await untilHeard(watcher, topic, 'end')
  const heard = heardOn(watcher, topic)
  t.strictSame(payloads(heard), [`at ${qos}`, 'end'], 'once')
  t.equal(heard[0]?.qos, make.tellsLittle ? undefined : qos, 'at its QoS')
}

function payloads(messages: readonly { readonly payload: string }[]): string[] {
  return messages.map(({ payload }) => payload)
}

/** What is tried in a version. */
function featuresOf(version: Version): readonly Feature[] {
  return version === '5.0' ? features : features.slice(0, features.indexOf('properties'))
}

t.test('each hears each after a silence, whatever its language and version', { buffered: true }, async t => {
  const voices = makes.map(({ name, client, versions, transports }) => {
    const [version, transport] = [versions.at(-1) ?? '3.1.1', transports.at(-1) ?? 'TCP']
    return { name, client: client(t, { address: addresses[transport], version }) }
  })
  const listeners = await Promise.all(voices.map(({ client }) => client.listen({ topic: 'everyone/+', qos: 2 })))
  await aWhile(limits.webSocketPingMs + 1000) // each is pinged once, and not all answer as they should
  await Promise.all(voices.map(({ name, client }) => client.publish({ topic: 'everyone/hears', payload: name, qos: 2 })))
  for (const [index, listener] of listeners.entries()) {
    for (const { name } of voices) await untilHeard(listener, 'everyone/hears', name)
    t.strictSame(payloads(listener.heard).sort(), voices.map(({ name }) => name).sort(), `${voices[index]?.name} hears each once`)
  }
})

for (const row of rows) {
  t.test(row.name, { buffered: true }, async t => {
    const { make, version, transport, seen } = row
    const tried = featuresOf(version).filter(feature => !make.lacks?.includes(feature))
    for (const feature of tried) seen.set(feature, false)
    const client = make.client(t, { address: addresses[transport], version })
    const base = row.name.replaceAll(/\W+/g, '-')
    const identifier = tried.includes('subscription id') ? { subscriptionIdentifier: watcherIdentifier } : {}
    const watcher = await client.listen({ topic: `${base}/#`, qos: 2, ...identifier })
    const kept = tried.includes('kept session') ? { keptSeconds: 300 } : {}
    const will = { topic: `${base}/will`, payload: 'it died' }
    const victimWish: Listening = { topic: `${base}/missed`, qos: 2, id: newId(), will, ...kept }
    const victim = await client.listen(victimWish)
    for (const feature of tried) {
      await t.test(feature, async t => {
        await scenarios[feature](t, { client, make, base, watcher, victim, victimWish })
        seen.set(feature, t.passing())
      })
    }
  })
}

// The jobs above run at the same time; this waits for all of them.
t.test('what was seen', { buffered: false }, async () => {
  t.comment(`with ${isMosquitto ? 'mosquitto' : 'wattslug'}: ✓ seen, ✗ not seen, – the client has no means for it\n${table(rows)}`)
})

/** A line for each row; blank is what its version does not have. */
function table(rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const head = `${' '.repeat(nameWidth)}  ${features.join(' | ')}`
  const cell = ({ version, seen }: Row, feature: Feature): string =>
    seen.has(feature) ? (seen.get(feature) ? '✓' : '✗') : featuresOf(version).includes(feature) ? '–' : ' '
  const lines = rows.map(
    row => `${row.name.padEnd(nameWidth)}  ${features.map(feature => cell(row, feature).padEnd(feature.length)).join(' | ')}`
  )
  return [head, ...lines.map(line => line.trimEnd())].join('\n')
}
