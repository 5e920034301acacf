/** Who may see, publish and change what: the daemon as it is installed, met by clients of other makes, with and without a name. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import t, { type Test } from 'tap'
import { type Daemon, type DaemonOptions, startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder, start } from '../fixtures/e2e/program.ts'
import { mosquittoSub, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

const level5 = { protocolVersion: 5, reconnectPeriod: 0 } as const
const json = { 'Content-Type': 'application/json' }
const basic = (user: string, password: string) => ({ Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` })
const alice = { username: 'alice', password: 'wonderland' }

/** A daemon with two users, of whom mosquitto_passwd knows. */
async function startHouse(t: Test, access: string, options: Partial<DaemonOptions> & { readonly acl?: string } = {}) {
  const folder = makeFolder(t)
  const [users, acl] = [join(folder, 'users'), join(folder, 'acl')]
  const passwd = (...args: readonly string[]): void => {
    t.equal(spawnSync('mosquitto_passwd', args).status, 0)
  }
  passwd('-c', '-b', users, alice.username, alice.password)
  passwd('-b', users, 'bob', 'builder')
  if (options.acl !== undefined) writeFileSync(acl, options.acl)
  const more = ['--access', access, '--users', users, ...(options.acl === undefined ? [] : ['--acl', acl]), ...(options.more ?? [])]
  const daemon = await startDaemon(t, { source: 'demo', ...options, more })
  return { daemon, users, acl, passwd }
}

/** Connects once; answers the client, or the code with which it was refused. */
async function tryConnect(t: Test, { mqttPort }: Daemon, options: IClientOptions = {}): Promise<MqttClient | number> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${mqttPort}`, { ...level5, ...options })
  t.teardown(() => client.end(true))
  return new Promise(resolve => {
    client.once('connect', () => resolve(client))
    client.once('error', error => resolve((error as unknown as { code: number }).code))
  })
}

async function connected(t: Test, daemon: Daemon, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await tryConnect(t, daemon, options)
  if (typeof client === 'number') throw new Error(`it was refused with ${client}`)
  return client
}

/** What SUBACK says. */
async function granted(client: MqttClient, filter: string): Promise<number> {
  const answer = await new Promise<readonly number[]>(resolve => {
    client.subscribe(filter, { qos: 1 }, (_error, _granted, packet) => resolve((packet?.granted ?? [-1]) as number[]))
  })
  return answer[0] ?? -1
}

/** What PUBACK says. */
function published(client: MqttClient, topic: string, payload: string, retain = false): Promise<number> {
  return new Promise(resolve => {
    client.publish(topic, payload, { qos: 1, retain }, (error, packet) => {
      resolve((error as { code?: number } | null)?.code ?? (packet as { reasonCode?: number } | undefined)?.reasonCode ?? 0)
    })
  })
}

/** What a client hears from now on. */
function hears(client: MqttClient): string[] {
  const heard: string[] = []
  client.on('message', (topic, payload) => heard.push(`${topic}=${payload}`))
  return heard
}

async function status(daemon: Daemon, path: string, headers: Record<string, string> = {}, method = 'GET', body?: unknown): Promise<number> {
  return (await fetch(`${daemon.page}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })).status
}

/** The same with any Host, which fetch does not let one choose. */
function statusAt(daemon: Daemon, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port: daemon.httpPort, path, headers }, response => resolve(response.statusCode ?? 0))
      .on('error', reject)
      .end()
  })
}

const accessOf = async (daemon: Daemon, headers: Record<string, string> = {}): Promise<unknown> =>
  (await fetch(`${daemon.page}api/access`, { headers })).json()

t.test('read: without a name one sees readings, all of them and nothing else', async t => {
  const { daemon } = await startHouse(t, 'read')
  const secrets = await connected(t, daemon, alice)
  t.equal(await published(secrets, 'house/secret', 'kept', true), 0)
  const sub = await mosquittoSub(t, daemon.mqttPort, ['-t', '#', '-t', '$SYS/#', '-q', '1'])
  await until('readings', () => sub.program.out.some(line => /^currentcost\/0\/power \d/.test(line)))
  const named = await mosquittoSub(t, daemon.mqttPort, ['-u', alice.username, '-P', alice.password, '-t', 'house/#'])
  await named.until('house/secret', 'kept')
  const stranger = await connected(t, daemon)
  const heard = hears(stranger)
  t.equal(await granted(stranger, '#'), 1, 'a filter that reaches further is taken')
  t.equal(await granted(stranger, '+/+/power'), 1)
  for (const filter of ['house/#', 'house/secret', '$SYS/#', '$SYS/broker/uptime', '$share/group/currentcost/#', '$share/group/#', '+']) {
    t.equal(await granted(stranger, filter), filter === '+' ? 1 : 0x87, filter)
  }
  await published(secrets, 'house/secret', 'live')
  await published(secrets, 'house/open', 'live')
  for (const topic of ['currentcost/0/power', 'house/x', 'currentcost']) t.equal(await published(stranger, topic, '1'), 0x87, topic)
  await until('a reading', () => heard.some(line => line.startsWith('currentcost/0/power=')))
  t.notOk(
    heard.some(line => !line.startsWith('currentcost/')),
    'nothing else, neither live nor retained'
  )
  t.notOk(sub.program.out.some(line => /^(house|\$SYS)\//.test(line)))
  const program = start(t, 'mosquitto_pub', ['-h', '127.0.0.1', '-p', String(daemon.mqttPort), '-t', 'a', '-m', 'x', '-q', '1'])
  t.equal((await program.ended).code, 0, '3.1.1 is acknowledged')
  t.equal(await tryConnect(t, daemon, { will: { topic: 'house/gone', payload: Buffer.from('x'), qos: 0, retain: true } }), 0x87, 'no will')
  t.equal(await tryConnect(t, daemon, { username: 'alice', password: 'wrong' }), 0x86)
  t.equal(await tryConnect(t, daemon, { username: 'mallory', password: 'x' }), 0x86)
  t.equal(await tryConnect(t, daemon, { username: 'mallory', password: 'x', protocolVersion: 4 }), 4)
  const watcher = await connected(t, daemon, alice)
  const numbers = hears(watcher)
  t.equal(await granted(watcher, '$SYS/broker/count/#'), 1)
  for (const counter of ['publish-refused', 'deliveries-withheld', 'subscribe-refused', 'connect-forbidden', 'connect-unauthorized']) {
    await until(`${counter} to be told`, () => numbers.some(line => new RegExp(`${counter}=[1-9]`).test(line)))
    t.pass(counter)
  }
})

t.test("a session is its user's: nobody else takes it over, resumes it or kicks its client out", async t => {
  const { daemon } = await startHouse(t, 'read')
  const kept = { clientId: 'nodered', clean: false, properties: { sessionExpiryInterval: 1_000 } }
  const client = await connected(t, daemon, { ...alice, ...kept })
  await granted(client, 'house/#')
  for (const thief of [{}, { username: 'bob', password: 'builder' }])
    for (const clean of [true, false]) t.equal(await tryConnect(t, daemon, { ...thief, ...kept, clean }), 0x87)
  t.ok(client.connected)
  await client.endAsync()
  t.equal(await tryConnect(t, daemon, kept), 0x87, 'nor while she is away')
  const again = mqtt.connect(`mqtt://127.0.0.1:${daemon.mqttPort}`, { ...level5, ...alice, ...kept })
  t.teardown(() => again.end(true))
  t.ok(await new Promise(resolve => again.once('connect', ({ sessionPresent }) => resolve(sessionPresent))), 'she has it back')
})

t.test('rules: each user has what the file grants, and no wildcard goes around it', async t => {
  const rules = [
    ...['topic read notices/#', 'user alice', 'topic readwrite house/#', 'topic deny house/safe/#', 'topic read $SYS/#'],
    ...['pattern readwrite users/%u/#', 'pattern write clients/%c/#']
  ]
  const { daemon } = await startHouse(t, 'read', { acl: `# rules\n${rules.join('\n')}\n` })
  const [one, other] = [
    await connected(t, daemon, { ...alice, clientId: 'one' }),
    await connected(t, daemon, { username: 'bob', password: 'builder', clientId: 'a/+' })
  ]
  const heard = hears(other)
  for (const filter of ['#', '+/+', 'users/#', 'users/bob/#', 'notices/+', 'currentcost/#'])
    t.equal(await granted(other, filter), 1, filter)
  for (const filter of ['house/#', 'users/alice/#', '$SYS/#', 'clients/#', '$share/g/house/#'])
    t.equal(await granted(other, filter), 0x87, filter)
  t.equal(await granted(one, 'house/safe/#'), 0x87)
  t.equal(await granted(one, '$share/g/house/#'), 1)
  for (const [topic, code] of [
    ['house/x', 0x10],
    ['house/safe/x', 0x87],
    ['users/alice/x', 0x10],
    ['users/bob/x', 0x87],
    ['clients/one/x', 0x10],
    ['clients/two/x', 0x87],
    ['notices/x', 0x87],
    ['currentcost/0/power', 0x87]
  ] as const)
    t.equal((await published(one, topic, 'x')) >= 0x80, code === 0x87, topic)
  t.equal(await published(other, 'clients/a/b/x', 'x'), 0x87, 'an id with a wildcard in it grants nothing')
  t.equal(await published(other, 'users/bob/x', 'mine'), 0)
  await until('its own', () => heard.includes('users/bob/x=mine'))
  t.notOk(heard.some(line => /^(house|users\/alice|clients)\//.test(line)))
})

t.test('login: nothing is seen without a name', async t => {
  const { daemon } = await startHouse(t, 'login')
  t.equal(await tryConnect(t, daemon), 0x87)
  t.equal(await tryConnect(t, daemon, { protocolVersion: 4 }), 5)
  for (const path of ['api/now', 'api/recent', 'api/device', 'metrics']) {
    t.equal(await status(daemon, path), 401, path)
    t.equal(await status(daemon, path, basic(alice.username, alice.password)), 200, path)
  }
  for (const path of ['', 'health', 'api/access', 'mqtt.js', 'settings.json']) t.equal(await status(daemon, path), 200, path)
  t.match(await accessOf(daemon), { access: 'login', user: null, may: { see: false, change: false, publish: false } })
  t.match(await accessOf(daemon, basic('alice', alice.password)), { user: 'alice', may: { see: true, change: false, publish: true } })
  t.equal(await status(daemon, 'api/tariff', { ...json, ...basic('alice', alice.password) }, 'PUT', {}), 403, "changes are the owner's")
  const client = await mqttJs(t, `ws://127.0.0.1:${daemon.httpPort}/mqtt`, alice)
  await client.client.subscribeAsync('#')
  await client.until('currentcost/0/power', /\d/)
})

t.test('the first password is set by HTTP, once; then the owner may do everything', async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'read'] })
  t.match(await accessOf(daemon), { access: 'read', password: 'none', user: null, may: { see: true, change: false, publish: false } })
  t.equal(await status(daemon, 'api/tariff', json, 'PUT', {}), 403, 'nothing is changed before')
  t.equal(await status(daemon, 'api/export'), 403)
  const put = (password: unknown, headers: Record<string, string> = {}): Promise<number> =>
    status(daemon, 'api/password', { ...json, ...headers }, 'PUT', { password })
  t.equal(await put('first', { Origin: 'http://evil.example' }), 403, 'not by a page from elsewhere')
  for (const wrong of ['', 7, 'x'.repeat(300)]) t.equal(await put(wrong), 400)
  t.equal(await put('open: sesame'), 204)
  t.equal(await put('mine now'), 401)
  t.match(await accessOf(daemon, basic('me', 'open: sesame')), { password: 'set', user: 'owner', may: { change: true, publish: true } })
  t.equal(await status(daemon, 'api/access', basic('me', 'wrong')), 401)
  t.equal(await status(daemon, 'api/export', basic('me', 'open: sesame')), 200)
  const owner = await connected(t, daemon, { username: 'me', password: 'open: sesame' })
  t.equal(await granted(owner, '$SYS/#'), 1)
  t.equal(await put('another', basic('me', 'open: sesame')), 204)
  await until('who came by the old one to be sent away', () => !owner.connected)
  t.equal(await tryConnect(t, daemon, { username: 'me', password: 'open: sesame' }), 0x86)
  t.type(await tryConnect(t, daemon, { username: 'me', password: 'another' }), 'object')
})

t.test('who guesses has to wait, by MQTT and HTTP together', async t => {
  const { daemon } = await startHouse(t, 'read')
  const codes: unknown[] = []
  for (let guess = 0; guess < 8; guess++) codes.push(await tryConnect(t, daemon, { username: 'alice', password: `guess ${guess}` }))
  t.equal(codes[0], 0x86)
  t.equal(codes.at(-1), 0x9f, 'then nothing is looked at')
  t.equal(await status(daemon, 'api/access', basic('alice', alice.password)), 429)
  t.equal(await tryConnect(t, daemon, { ...alice, protocolVersion: 4 }), 3)
  t.type(await tryConnect(t, daemon, { username: 'bob', password: 'builder' }), 'object', 'others are not kept out')
  t.type(await tryConnect(t, daemon), 'object')
})

t.test('a reload takes away at once what is no longer granted; a faulty file changes nothing', async t => {
  const { daemon, users, acl, passwd } = await startHouse(t, 'read', { acl: 'user alice\ntopic readwrite a/#\nuser bob\ntopic read a/#\n' })
  const kept = { clientId: 'alice', clean: false, properties: { sessionExpiryInterval: 1_000 } }
  const client = await connected(t, daemon, {
    ...alice,
    ...kept,
    will: { topic: 'a/will', payload: Buffer.from('gone'), qos: 0, retain: true }
  })
  const bob = await connected(t, daemon, { username: 'bob', password: 'builder' })
  const heard = hears(bob)
  await granted(bob, 'a/#')
  await published(client, 'a/x', '1')
  await until('bob to hear', () => heard.includes('a/x=1'))
  const read = daemon.said(/were read again/)
  writeFileSync(acl, 'user alice\ntopic readwrite a/#\nuser bob\ntopic read b/#\ntopic all c\n')
  daemon.program.signal('SIGHUP')
  await daemon.untilSaid(/acl: line 5: /)
  await published(client, 'a/x', '2')
  await until('bob to hear still', () => heard.includes('a/x=2'))
  writeFileSync(acl, 'user alice\ntopic readwrite a/#\nuser bob\ntopic read b/#\n')
  daemon.program.signal('SIGHUP')
  await daemon.untilSaid(/were read again/, read + 1)
  await published(client, 'a/x', '3')
  t.ok(client.connected)
  t.ok(bob.connected)
  writeFileSync(acl, 'user bob\ntopic read #\n')
  passwd('-D', users, 'alice')
  daemon.program.signal('SIGHUP')
  await until('alice to be sent away', () => !client.connected)
  t.ok(bob.connected)
  const later = hears(await connected(t, daemon, { username: 'bob', password: 'builder', clientId: 'later' }))
  await aWhile(200)
  t.notOk(heard.includes('a/x=3'))
  t.notOk(
    [...heard, ...later].some(line => line.startsWith('a/will')),
    'nor is her will published'
  )
  t.equal(await tryConnect(t, daemon, { ...alice, ...kept }), 0x86)
  t.type(await tryConnect(t, daemon, { username: 'bob', password: 'builder', ...kept }), 'object', 'her session is gone')
})

t.test('pages from elsewhere and names of strangers are kept out', async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'read', '--origins', 'https://house.example'] })
  const upgrade = (headers: Record<string, string>): Promise<number> =>
    statusAt(daemon, '/mqtt', {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'mqtt' },
      ...{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers }
    }).catch(() => 101)
  const upgraded = (headers: Record<string, string>): Promise<boolean> =>
    new Promise(resolve => {
      const lines = Object.entries({ Host: `127.0.0.1:${daemon.httpPort}`, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
      const socket = connectTcp(daemon.httpPort, '127.0.0.1', () =>
        socket.write(
          `GET /mqtt HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join('')}\r\n`
        )
      )
      socket.once('data', data => {
        resolve(/^HTTP\/1\.1 101/.test(String(data)))
        socket.destroy()
      })
      socket.on('error', () => undefined)
    })
  t.ok(await upgraded({}), 'what is no browser')
  t.ok(await upgraded({ Origin: `http://127.0.0.1:${daemon.httpPort}` }), 'our page')
  t.ok(await upgraded({ Origin: 'https://house.example' }), 'a page that is named')
  t.equal(await upgrade({ Origin: 'http://evil.example' }), 403)
  t.equal(await upgrade({ Origin: 'null' }), 403)
  t.equal(await upgrade({ Host: 'evil.example', Origin: 'http://evil.example' }), 403, 'a name that leads here')
  for (const path of ['/api/now', '/metrics', '/api/history']) {
    t.equal(await statusAt(daemon, path, { Host: 'evil.example' }), 403, path)
    t.equal(await statusAt(daemon, path, { Origin: 'http://evil.example' }), 403, path)
  }
  t.equal(await statusAt(daemon, '/api/now', { Host: 'house.example' }), 200)
  t.equal(await statusAt(daemon, '/mqtt.js', { Origin: 'http://evil.example' }), 200)
  t.match(await (await fetch(`${daemon.page}metrics`)).text(), /kind="foreign-pages"\} [1-9].*kind="foreign-names"\} [1-9]/s)
})

t.test('what is wrong with a file is told with its line, and nothing starts', async t => {
  const folder = makeFolder(t)
  const users = join(folder, 'users')
  writeFileSync(users, 'alice:plain\n')
  await t.rejects(startDaemon(t, { source: 'demo', more: ['--users', users] }), /users: line 1: alice: no hash/)
  t.notMatch(readFileSync(users, 'utf8'), 'x')
})
