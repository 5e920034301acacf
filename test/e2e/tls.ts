/** MQTT, WebSocket and page over TLS, with clients that were not written for this broker, and certificates that come and go. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import t, { type Test } from 'tap'
import { type Daemon, startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { openPhone, startBrowser } from '../fixtures/e2e/phone.ts'
import { type End, makeFolder, start } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'
import { makePair, type Pair } from '../fixtures/io/tls.ts'

/** A daemon with TLS, and where that is. */
interface Secure extends Daemon {
  readonly mqttsPort: number
  readonly httpsPort: number
  readonly state: string
}

async function startSecure(t: Test, ...settings: readonly string[]): Promise<Secure> {
  const state = makeFolder(t)
  const daemon = await startDaemon(t, { source: 'demo', state, more: ['--mqtts-port', '0', '--https-port', '0', ...settings] })
  const [, https, mqtts] = await until('the ports with TLS', () =>
    daemon.log.map(line => /with TLS: page at https:\/\/\S+:(\d+)\/ · MQTT at mqtts:\/\/\S+:(\d+)$/.exec(line)).find(match => match)
  )
  return { ...daemon, state, mqttsPort: Number(mqtts), httpsPort: Number(https) }
}

const filesOf = ({ cert, key }: Pair): readonly string[] => ['--tls', 'files', '--tls-cert', cert, '--tls-key', key]

/** Runs a program to its end. */
async function run(t: Test, command: string, args: readonly string[]): Promise<End & { readonly text: string }> {
  const program = start(t, command, args)
  if (command === 'openssl') void program.write(Buffer.from('Q\n'))
  const end = await program.ended
  return { ...end, text: [...program.out, ...program.errors].join('\n') }
}

t.test('mosquitto’s commands, with the certificate of our own authority', async t => {
  const { mqttsPort, state } = await startSecure(t, '--tls', 'self-signed')
  const at = (host: string): readonly string[] => ['-h', host, '-p', String(mqttsPort), '--cafile', join(state, 'tls', 'ca.crt')]
  for (const host of ['localhost', '127.0.0.1']) {
    const heard = run(t, 'mosquitto_sub', [...at(host), '-t', `door/${host}`, '-C', '1', '-W', '20'])
    const said = await run(t, 'mosquitto_pub', [...at(host), '-t', `door/${host}`, '-m', `open ${host}`, '-q', '1', '-r'])
    t.equal(said.code, 0, said.text)
    t.equal((await heard).text, `open ${host}`)
  }
  const untrusting = await run(t, 'mosquitto_pub', [...at('localhost').slice(0, 4), '--capath', '/etc/ssl/certs', '-t', 'a', '-m', 'x'])
  t.not(untrusting.code, 0, 'who was not given the authority refuses')
})

t.test('MQTT.js over mqtts and wss, and one hears the other', async t => {
  const pair = makePair(makeFolder(t))
  const { mqttsPort, httpsPort } = await startSecure(t, ...filesOf(pair))
  const options = { ca: readFileSync(pair.cert), reconnectPeriod: 0, protocolVersion: 5 } as const
  const listener = await mqtt.connectAsync(`wss://localhost:${httpsPort}/mqtt`, options)
  const speaker = await mqtt.connectAsync(`mqtts://localhost:${mqttsPort}`, options)
  t.teardown(() => [listener.end(true), speaker.end(true)])
  const heard: Buffer[] = []
  listener.on('message', (_, payload) => heard.push(payload))
  await listener.subscribeAsync('big/#', { qos: 2 })
  const payload = Buffer.alloc(30_000, 'x')
  for (const qos of [1, 2] as const) for (let index = 0; index < 20; index++) await speaker.publishAsync(`big/${index}`, payload, { qos })
  await until('all of it', () => heard.length === 40)
  t.ok(heard.every(each => each.equals(payload)))
})

t.test('older TLS, and what is no TLS, is refused and counted; the plain ports go on', async t => {
  const pair = makePair(makeFolder(t))
  const { mqttsPort, httpsPort, page } = await startSecure(t, ...filesOf(pair))
  const connectTo = (port: number, ...more: readonly string[]): ReturnType<typeof run> =>
    run(t, 'openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', pair.cert, ...more])
  for (const port of [mqttsPort, httpsPort]) {
    const old = await connectTo(port, '-tls1_1', '-cipher', 'ALL@SECLEVEL=0')
    t.match(old.text, /alert protocol version/)
    t.not(old.code, 0)
    for (const version of ['-tls1_2', '-tls1_3']) {
      const { text, code } = await connectTo(port, version)
      t.match(text, /Verify return code: 0 \(ok\)/)
      t.equal(code, 0)
    }
  }
  const plain = await run(t, 'mosquitto_pub', ['-h', '127.0.0.1', '-p', String(mqttsPort), '-t', 'a', '-m', 'x'])
  t.not(plain.code, 0)
  await t.rejects(fetch(`http://127.0.0.1:${httpsPort}/`))
  t.equal((await fetch(page)).status, 200)
  const metrics = await (await fetch(`${page}metrics`)).text()
  t.match(metrics, /wattslug_broker_events_total\{kind="tls-failed"\} [4-9]/)
  t.match(metrics, /wattslug_certificate_end_seconds \d{10}/)
})

t.test('a renewed certificate is taken while clients stay, and a bad one is not', async t => {
  const folder = makeFolder(t)
  const pair = makePair(folder)
  const daemon = await startSecure(t, ...filesOf(pair))
  const client = await mqtt.connectAsync(`mqtts://localhost:${daemon.mqttsPort}`, { ca: readFileSync(pair.cert), reconnectPeriod: 0 })
  t.teardown(() => client.end(true))
  let closes = 0
  client.on('close', () => closes++)
  const certificateNow = async (): Promise<string> =>
    (await run(t, 'openssl', ['s_client', '-connect', `127.0.0.1:${daemon.mqttsPort}`])).text
  t.match(await certificateNow(), /subject=CN ?= ?server/)

  const next = makePair(folder, 'renewed')
  renameSync(next.cert, pair.cert)
  daemon.program.signal('SIGHUP')
  await daemon.untilSaid(
    /error +certificate: .*server\.key: this is the key of another certificate than the first in .*; the one until .* stays in force$/
  )
  t.match(await certificateNow(), /subject=CN ?= ?server/)
  daemon.program.signal('SIGHUP')
  await daemon.untilSaid(/were read again: none of the settings changed/, 2)
  t.equal(daemon.said(/key of another certificate/), 1, 'it is said once')

  renameSync(next.key, pair.key)
  daemon.program.signal('SIGHUP')
  await daemon.untilSaid(/info +certificate for .* is in force until/, 2)
  t.match(await certificateNow(), /subject=CN ?= ?renewed/)

  await client.publishAsync('still', 'here', { qos: 1 })
  t.equal(closes, 0, 'the client is connected still')
})

t.test('a start that waits for openssl ends as soon as it is told to', async t => {
  const [folder, state] = [makeFolder(t), makeFolder(t)]
  writeFileSync(join(folder, 'openssl'), '#!/bin/sh\nexec sleep 25\n', { mode: 0o755 })
  const ports = ['--mqtt-port', '0', '--http-port', '0', '--mqtts-port', '0', '--https-port', '0']
  const args = ['run', '--source', 'demo', '--host', '127.0.0.1', '--state', state, '--tls', 'self-signed', ...ports]
  const daemon = startBundle(t, args, { env: { PATH: `${folder}:${process.env['PATH']}` } })
  await until('openssl to be asked', () => existsSync(join(state, 'tls/ca.new.conf')))
  daemon.signal('SIGTERM')
  t.strictSame(await daemon.ended, { code: 0, signal: null })
  t.match(daemon.errors.at(-1), /info +SIGTERM: stopping before it was up$/, 'and does not wait for it')
})

t.test('a certificate that is no good is told at the start, and nothing else is lost', async t => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'server.crt'), 'no certificate')
  writeFileSync(join(folder, 'server.key'), 'a secret')
  const daemon = await startSecure(t, ...filesOf({ cert: join(folder, 'server.crt'), key: join(folder, 'server.key') }))
  t.equal(daemon.said(/error +certificate: .*server\.crt: no certificate in PEM; there is no TLS until that is mended$/), 1)
  t.equal(daemon.said(/a secret/), 0)
  await daemon.untilSaid(/Readings arrive/)
  t.equal((await fetch(daemon.page)).status, 200)
  const health = async (): Promise<string> => (await fetch(`${daemon.page}health`)).text()
  t.match(await health(), /"needs":\["TLS: certificate: [^"]*no certificate in PEM; there is no TLS until that is mended\."\]/)
  makePair(folder)
  daemon.program.signal('SIGHUP')
  await daemon.untilSaid(/info +certificate for DNS:localhost, IP Address:127\.0\.0\.1 is in force until/)
  t.match(await health(), /"needs":\[\]/)
})

t.test('the page over TLS in a browser: live, and its service worker may be there', async t => {
  const browser = await startBrowser(t, '--ignore-certificate-errors') // as one that trusts our authority
  const { httpsPort, state } = await startSecure(t, '--tls', 'self-signed')
  t.ok(readFileSync(join(state, 'tls', 'server.crt'), 'latin1').includes('BEGIN CERTIFICATE'))
  const phone = await openPhone(t, browser, `https://localhost:${httpsPort}/`, { serviceWorkers: 'allow' })
  await phone.until('live', ({ phase, watts }) => phase === 'live' && watts !== '')
  t.ok(await phone.page.evaluate('isSecureContext'))
  t.ok(await phone.page.evaluate('navigator.serviceWorker.ready.then(({ active }) => active !== null)'))
  t.ok(
    phone.requests.some(url => url === `wss://localhost:${httpsPort}/mqtt`),
    'MQTT goes over TLS too'
  )
  t.strictSame(
    phone.requests.filter(url => /^(?:http|ws):/.test(url)),
    [],
    'nothing goes around it'
  )
})
