/**
 * Attacks from within the network, by MQTT and HTTP in their very bytes: each is refused and counted. Others stand elsewhere: brute force,
 * session theft and rights after a reload in access.ts, floods of connections in callers.ts, TLS downgrade in tls.ts, pages of strangers
 * in strange-pages.ts and attacks-web.ts, hostile bytes in failure-modes/.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet'
import t, { type Test } from 'tap'
import { type Attack, connectOf, publishOf, reasonsOf, sendRaw, statusOf, subscribeOf, tryAttacks } from '../fixtures/e2e/attack.ts'
import { type Daemon, type DaemonOptions, startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

t.setTimeout(240_000)

const refused = 0x87
const alice = { username: 'alice', password: Buffer.from('wonderland') }
const authorization = (user: string, password: string): string =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const rules = 'user alice\ntopic readwrite house/#\ntopic deny house/safe/#\npattern readwrite users/%u/#\npattern write clients/%c/#\n'

/** A daemon with a user and rules. */
async function startHouse(t: Test, options: Partial<DaemonOptions> = {}): Promise<Daemon> {
  const folder = makeFolder(t)
  const [users, acl] = [join(folder, 'users'), join(folder, 'acl')]
  t.equal(spawnSync('mosquitto_passwd', ['-c', '-b', users, alice.username, String(alice.password)]).status, 0)
  writeFileSync(acl, rules)
  return startDaemon(t, { source: 'demo', ...options, more: ['--access', 'read', '--users', users, '--acl', acl, ...(options.more ?? [])] })
}

const bytesOf = (...bytes: readonly number[]): readonly Buffer[] => bytes.map(byte => Buffer.of(byte))
const willTo = (topic: string): Partial<IConnectPacket> => ({ will: { topic, payload: Buffer.from('x'), qos: 1, retain: true } })

t.test('filters, topics and wills that reach past the rights', async t => {
  const daemon = await startHouse(t)
  const filters = ['house/#', 'house', '/', '/#', '/+', '//', '$SYS', '$SYS/#', '$SYS/+/uptime', '$SYS/broker/clients/connected', '$+/#']
  const shared = ['$share/g/#', '$share/g/currentcost/#', '$share/g/$SYS/#', '$share//currentcost/#', '$share/g/']
  const ill = new Set(['$+/#', '$share//currentcost/#', '$share/g/'])
  const topics = ['house/x', 'currentcost', 'currentcost/0/power', 'x', '/', '$SYS/broker/uptime', '$share/g/x', '$x']
  const subscribes = (filter: string, who: Partial<IConnectPacket> = {}): Attack => ({
    name: `SUBSCRIBE ${filter}${who.username ? ` by ${who.username}` : ''}`,
    attempt: () => reasonsOf(daemon.mqttPort, [connectOf(who), subscribeOf(filter)], 2),
    answer: [0, ill.has(filter) ? 0x8f : refused],
    counter: ill.has(filter) ? 'closed-malformed' : 'subscribe-refused'
  })
  const publishes = (topic: string, more: Partial<IPublishPacket> = {}, who: Partial<IConnectPacket> = {}): Attack => ({
    name: `PUBLISH ${topic}${more.retain ? ' retained' : ''}${who.username ? ` by ${who.username}` : ''}`,
    attempt: () => reasonsOf(daemon.mqttPort, [connectOf(who), publishOf(topic, more)], 2),
    answer: [0, refused],
    counter: 'publish-refused'
  })
  const leaves = (topic: string, who: Partial<IConnectPacket> = {}): Attack => ({
    name: `will to ${topic}${who.username ? ` by ${who.username}` : ''}`,
    attempt: () => reasonsOf(daemon.mqttPort, [connectOf({ ...willTo(topic), ...who })], 1),
    answer: [refused],
    counter: 'connect-forbidden'
  })
  const aliased = [connectOf(alice), publishOf('house/safe/x', { properties: { topicAlias: 1 } })]
  const again = publishOf('', { messageId: 2, properties: { topicAlias: 1, responseTopic: 'house/x' } })
  await tryAttacks(t, daemon, [
    ...[...filters, ...shared].map(filter => subscribes(filter)),
    ...['house/safe/#', 'users/bob/#', 'clients/#', '$SYS/#', '$share/g/house/safe/x'].map(filter => subscribes(filter, alice)),
    ...topics.map(topic => publishes(topic)),
    ...['house/x', 'currentcost/0/power'].map(topic => publishes(topic, { retain: true })),
    ...['house/safe/x', 'users/bob/x', 'clients/other/x'].map(topic => publishes(topic, {}, alice)),
    publishes('clients/a/b/x', {}, { ...alice, clientId: 'a/b' }),
    {
      name: 'PUBLISH house/safe/x by alice, by a topic alias',
      attempt: () => reasonsOf(daemon.mqttPort, [...aliased, again], 3),
      answer: [0, refused, refused],
      counter: 'publish-refused'
    },
    ...['house/x', 'currentcost/0/power', '$SYS/broker/uptime'].map(topic => leaves(topic)),
    ...['house/safe/x', 'users/bob/x', '$SYS/x'].map(topic => leaves(topic, alice))
  ])
  const heard: string[] = []
  const stranger = await mqtt.connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { protocolVersion: 5, reconnectPeriod: 0 })
  const own = await mqtt.connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { ...alice, protocolVersion: 5, reconnectPeriod: 0 })
  t.teardown(() => [stranger.end(true), own.end(true)])
  stranger.on('message', topic => heard.push(topic))
  await own.publishAsync('house/secret', 'kept', { qos: 1, retain: true })
  await stranger.subscribeAsync(['#', '+/#', '+/+', '+/+/+', '+', 'currentcost'])
  await own.publishAsync('house/secret', 'live', { qos: 1 })
  await until('a reading', () => heard.filter(topic => topic === 'currentcost/0/power').length > 1)
  t.notOk(heard.some(topic => !topic.startsWith('currentcost/')))
})

t.test('names and passwords of every strange kind', async t => {
  const daemon = await startHouse(t)
  const port = daemon.mqttPort
  const enters = (name: string, who: Partial<IConnectPacket>): Attack => ({
    name,
    attempt: () => reasonsOf(port, [connectOf(who)], 1),
    answer: [0x86],
    counter: 'connect-unauthorized'
  })
  const raw = (name: string, hex: string): Attack => ({
    name,
    attempt: async () => (await sendRaw(port, [Buffer.from(hex.replaceAll(' ', ''), 'hex')])).toString('hex'),
    answer: '',
    counter: 'closed-malformed'
  })
  await tryAttacks(t, daemon, [
    enters('a name without a password', { username: 'alice' }),
    enters('a password of 20,000 bytes', { ...alice, password: Buffer.alloc(20_000, 'x') }),
    enters('a name of 20,000 characters', { ...alice, username: 'a'.repeat(20_000) }),
    enters("the owner's inner name", { username: ':', password: Buffer.from('x') }),
    raw('a name that is no UTF-8', '10 14 0004 4d515454 04 c2 003c 0001 78 0002 c328 0001 78'),
    raw('a name with NUL in it', '10 14 0004 4d515454 04 c2 003c 0001 78 0002 6100 0001 78'),
    raw('MQTT 3.1.1: a password without a name', '10 10 0004 4d515454 04 42 003c 0001 78 0001 78'),
    {
      name: 'MQTT 5.0: a password alone, which is nobody’s',
      attempt: async () => (await sendRaw(port, [Buffer.from('101100044d5154540542003c00000178000178', 'hex')])).toString('latin1'),
      answer: ' ,\0\x86)\x1f\0&no user of that name has that password', // and no word of which of both was wrong
      counter: 'connect-unauthorized'
    },
    {
      name: 'Authorization twice',
      attempt: () =>
        statusOf(daemon.httpPort, ['GET /api/access HTTP/1.1', 'Host: x', authorization('alice', 'wonderland'), authorization('a', 'b')]),
      answer: 401,
      counter: 'requests-unauthorized'
    },
    {
      name: "a user asks for what is the owner's",
      attempt: () => statusOf(daemon.httpPort, ['GET /api/export HTTP/1.1', 'Host: x', authorization('alice', 'wonderland')]),
      answer: 403,
      counter: 'requests-forbidden'
    }
  ])
})

t.test('HTTP: paths that leave, heads that lie, too much, and too slow', async t => {
  const daemon = await startHouse(t)
  const port = daemon.httpPort
  const host = 'Host: 127.0.0.1'
  const asks = (line: string, answer: number, counter: string, headers: readonly string[] = [], body = ''): Attack => ({
    name: [line, ...headers].join(' · ').slice(0, 120),
    attempt: () => statusOf(port, [line, host, ...headers], body),
    answer,
    counter
  })
  const put = 'PUT /api/password HTTP/1.1'
  const json = 'Content-Type: application/json'
  const mine = '{"password":"mine"}'
  const paths = [
    '/../etc/passwd',
    '/..%2f..%2fkey',
    '/%2e%2e/key',
    '/key',
    '/password',
    '//api/export',
    '/api/%65xport',
    '/api/now/../export',
    '/api/export/'
  ]
  await tryAttacks(t, daemon, [
    ...[...paths, 'http://127.0.0.1/api/now', '/mqtt.js%00'].map(path => asks(`GET ${path} HTTP/1.1`, 404, 'requests-astray')),
    ...['TRACE /', 'CONNECT 127.0.0.1:22', 'OPTIONS /api/tariff', 'POST /api/password'].map(line =>
      asks(`${line} HTTP/1.1`, 405, 'requests-astray')
    ),
    asks('HEAD /api/export HTTP/1.1', 403, 'requests-forbidden'),
    asks('GET /api/now HTTP/1.1', 400, 'requests-malformed', ['Host: evil.local']),
    asks('GET /api/now HTTP/1.1', 400, 'requests-malformed', [' folded: x']),
    asks('GET /api/now HTTP/1.1', 431, 'requests-too-large', [`X: ${'x'.repeat(20_000)}`]),
    asks(put, 400, 'requests-malformed', [json, 'Content-Length: 3', 'Content-Length: 19'], mine),
    asks(put, 411, 'requests-malformed', [json, 'Content-Length: 19', 'Transfer-Encoding: chunked'], mine),
    asks(put, 415, 'requests-malformed', ['Content-Type: text/plain', 'Content-Length: 19'], mine),
    asks(put, 413, 'requests-too-large', [json, 'Content-Length: 999999999']),
    asks('POST /api/restore HTTP/1.1', 413, 'requests-too-large', ['Content-Type: application/x-ndjson', 'Content-Length: 99999999999']),
    asks(put, 403, 'foreign-pages', [json, 'Origin: null', 'Content-Length: 19'], mine),
    { name: 'no HTTP', attempt: () => statusOf(port, ['\x16\x03\x01']), answer: 400, counter: 'requests-malformed' },
    {
      name: 'a packet of 256 MiB that is promised',
      attempt: () =>
        reasonsOf(daemon.mqttPort, [connectOf()], 1)
          .then(() => sendRaw(daemon.mqttPort, [Buffer.from('10ffffff7f', 'hex')]))
          .then(String),
      answer: '',
      counter: 'malformed-too-long'
    },
    {
      name: 'a client id of 20,000 characters',
      attempt: () => reasonsOf(daemon.mqttPort, [connectOf({ clientId: 'x'.repeat(20_000) })], 1),
      answer: [0x85],
      counter: 'closed-refused'
    },
    {
      name: 'a filter of 100 levels',
      attempt: () => reasonsOf(daemon.mqttPort, [connectOf(), subscribeOf(`currentcost${'/x'.repeat(100)}`)], 2),
      answer: [0, 0x8f],
      counter: 'subscribe-refused'
    },
    {
      name: '100 filters',
      attempt: async () =>
        (
          await reasonsOf(daemon.mqttPort, [connectOf(), subscribeOf(...Array.from({ length: 100 }, (_, n) => `currentcost/${n}`))], 101)
        ).at(-1),
      answer: 0x97,
      counter: 'subscribe-refused'
    }
  ])
  const slow: readonly Attack[] = [
    {
      name: 'a head that comes byte by byte',
      attempt: async () => /^HTTP\/1\.1 408/.test(String(await sendRaw(port, [...`GET / HTTP/1.1\r\nX: ${'x'.repeat(1_000)}`], 100))),
      answer: true,
      counter: 'requests-late'
    },
    {
      name: 'a body that never comes',
      attempt: () => statusOf(port, [put, host, json, 'Content-Length: 19']),
      answer: 408,
      counter: 'requests-late'
    },
    {
      name: 'a CONNECT that comes byte by byte',
      attempt: async () => (await sendRaw(daemon.mqttPort, bytesOf(0x10, 0x7f, ...Buffer.alloc(0x7e)), 100)).length,
      answer: 0,
      counter: 'closed-connect-timeout'
    }
  ]
  await Promise.all(slow.map(attack => tryAttacks(t, daemon, [attack])))
})

t.test('strangers who take every place keep nobody out who has a name, and what is kept for a user stays', async t => {
  const daemon = await startHouse(t)
  const url = `mqtt://127.0.0.1:${daemon.mqttPort}`
  const kept = {
    ...alice,
    clientId: 'nodered',
    clean: false,
    protocolVersion: 5,
    reconnectPeriod: 0,
    properties: { sessionExpiryInterval: 1_000 }
  } as const
  const first = await mqtt.connectAsync(url, kept)
  await first.subscribeAsync('house/#', { qos: 1 })
  await first.endAsync()
  for (let index = 0; index < 110; index++)
    await reasonsOf(
      daemon.mqttPort,
      [connectOf({ clientId: `away ${index}`, clean: false, properties: { sessionExpiryInterval: 1_000 } })],
      1
    )
  const strangers = await Promise.all(Array.from({ length: 100 }, () => mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })))
  t.teardown(() => strangers.map(stranger => stranger.end(true)))
  await tryAttacks(t, daemon, [
    {
      name: 'one client too many without a name',
      attempt: () => reasonsOf(daemon.mqttPort, [connectOf()], 1),
      answer: [0x89],
      counter: 'closed-refused'
    }
  ])
  const again = mqtt.connect(url, kept)
  t.teardown(() => again.end(true))
  t.ok(
    await new Promise(resolve => again.once('connect', ({ sessionPresent }) => resolve(sessionPresent))),
    'alice is in, and her session is there'
  )
  await until('a stranger to go', () => strangers.some(stranger => !stranger.connected))
})
