/**
 * Attacks by way of a browser in the house, and for the owner's password: whatever a page of a stranger has its browser send is refused and
 * counted. Its plain WebSocket and fetch, and a name that is made to lead here, stand in strange-pages.ts.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import mqtt from 'mqtt'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { type Attack, countOf, tryAttacks } from '../fixtures/e2e/attack.ts'
import { startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { startBrowser } from '../fixtures/e2e/phone.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

t.setTimeout(240_000)

const browser = await startBrowser(t, '--host-resolver-rules=MAP evil.example 127.0.0.1')
const json = { 'Content-Type': 'application/json' }

/** A page of a stranger, on another origin. */
async function openElsewhere(t: Test): Promise<Page> {
  const site = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><body>evil</body>'))
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => site.close())
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(`http://evil.example:${(site.address() as AddressInfo).port}/`)
  return page
}

/** Attacks by scripts of a page, which tell what became of them. */
const scripts =
  (page: Page) =>
  (name: string, script: string, answer: unknown, counter: string): Attack => ({
    name,
    attempt: () => page.evaluate(script),
    answer,
    counter
  })

const element = (tag: string, fields: object): string => `Object.assign(document.createElement('${tag}'), ${JSON.stringify(fields)})`

/** A script that has an element load something. */
const loads = (tag: string, fields: object): string => `new Promise(resolve => {
  const element = ${element(tag, fields)}
  element.onload = () => resolve('loaded')
  element.onerror = () => resolve('failed')
  document.body.append(element)
})`

/** One that sends a form, whose answer a frame takes. */
const sends = (action: string, enctype: string): string => `new Promise(resolve => {
  const frame = ${element('iframe', { name: `answer to ${enctype}` })}
  const form = ${element('form', { method: 'post', action, enctype, target: `answer to ${enctype}` })}
  form.append(${element('input', { name: '{"wattslug":"export","a', value: '":1}' })})
  document.body.append(frame, form)
  frame.onload = () => resolve('answered')
  form.submit()
})`

/** One that opens a WebSocket. */
const opens = (url: string): string => `new Promise(resolve => {
  const socket = new WebSocket('${url}', 'mqtt')
  socket.onopen = () => resolve('open')
  socket.onerror = () => resolve('failed')
})`

t.test('a page elsewhere, by every way that a browser has', async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'read'] })
  const page = await openElsewhere(t)
  const by = scripts(page)
  const at = (path: string): string => `http://127.0.0.1:${daemon.httpPort}${path}`
  const socketUrl = at('/mqtt').replace('http', 'ws')
  const fetches = (path: string, options: object): string =>
    `fetch('${at(path)}', ${JSON.stringify(options)}).then(({ type, status }) => type + ' ' + status, ({ name }) => name)`
  const sandboxed = `new Promise(resolve => {
    addEventListener('message', ({ data }) => resolve(data), { once: true })
    const script = ${JSON.stringify(`${opens(socketUrl)}.then(said => parent.postMessage(said, '*'))`)}
    document.body.append(Object.assign(document.createElement('iframe'), { sandbox: 'allow-scripts', srcdoc: '<script>' + script + '</' + 'script>' }))
  })`
  const streams = `new Promise(resolve => {
    const source = new EventSource('${at('/api/now')}')
    source.onerror = () => { source.close(); resolve('failed') }
  })`
  await tryAttacks(t, daemon, [
    by('fetch without CORS', fetches('/api/now', { mode: 'no-cors' }), 'opaque 0', 'foreign-pages'),
    by("fetch without CORS of what is the owner's", fetches('/api/export', { mode: 'no-cors' }), 'opaque 0', 'foreign-pages'),
    by('fetch with a name', fetches('/api/access', { headers: { Authorization: 'Basic YTpi' } }), 'TypeError', 'requests-astray'),
    by('PUT', fetches('/api/password', { method: 'PUT', headers: json, body: '{"password":"x"}' }), 'TypeError', 'requests-astray'),
    by('DELETE', fetches('/api/tariff', { method: 'DELETE' }), 'TypeError', 'requests-astray'),
    by('POST as text', fetches('/api/restore', { method: 'POST', mode: 'no-cors', body: 'x' }), 'opaque 0', 'requests-malformed'),
    by('sendBeacon', `navigator.sendBeacon('${at('/api/restore')}', 'x')`, true, 'requests-malformed'),
    by('a form', sends(at('/api/restore'), 'application/x-www-form-urlencoded'), 'answered', 'requests-malformed'),
    by('a form as text', sends(at('/api/restore'), 'text/plain'), 'answered', 'requests-malformed'),
    by('EventSource', streams, 'failed', 'foreign-pages'),
    by('img', loads('img', { src: at('/api/now') }), 'failed', 'foreign-pages'),
    by('script', loads('script', { src: at('/metrics') }), 'failed', 'foreign-pages'),
    by('style sheet', loads('link', { rel: 'stylesheet', href: at('/api/recent') }), 'failed', 'foreign-pages'),
    by('iframe', loads('iframe', { src: at('/api/device') }), 'loaded', 'foreign-pages'),
    by('a WebSocket of a frame without an origin', sandboxed, 'failed', 'foreign-pages'),
    by('a WebSocket with our own client loaded', `import('${at('/mqtt.js')}').then(() => ${opens(socketUrl)})`, 'failed', 'foreign-pages')
  ])
  const framed = page.waitForEvent('console', message => /frame-ancestors/.test(message.text()))
  await page.evaluate(loads('iframe', { src: at('/') }))
  t.match((await framed).text(), /frame-ancestors 'none'/, 'our page stands in no frame of theirs')
})

t.test('a name that is made to lead here, and everything that can be asked', async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'read'] })
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(`http://evil.example:${daemon.httpPort}/icon.svg`)
  const asks = (path: string, options: { readonly method?: string; readonly headers?: object; readonly body?: string } = {}): Attack => {
    const script = `fetch('${path}', ${JSON.stringify(options)}).then(({ status }) => status)`
    return scripts(page)(`Host: evil.example, ${options.method ?? 'GET'} ${path}`, script, 403, 'foreign-names')
  }
  await tryAttacks(t, daemon, [
    ...['/metrics', '/api/device', '/api/meters', '/api/export', '/api/recent'].map(path => asks(path)),
    asks('/api/tariff', { method: 'DELETE' }),
    asks('/api/sensors/0', { method: 'PUT', headers: json, body: '{}' }),
    asks('/api/restore', { method: 'POST', headers: { 'Content-Type': 'application/x-ndjson' }, body: '{}' })
  ])
  t.equal(await countOf(daemon, 'foreign-pages'), 0, 'to the browser it is our own page')
})

t.test('two who set the first password at once: one of them has it', async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'read'] })
  const put = (password: string): Promise<number> =>
    fetch(`${daemon.page}api/password`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ password })
    }).then(({ status }) => status)
  const statuses = await Promise.all([put('one'), put('two')])
  t.strictSame([...statuses].sort(), [204, 409].includes(Math.max(...statuses)) ? [204, 409] : [204, 401])
})

t.test('who came by the former password is sent away, however another was set', async t => {
  const state = makeFolder(t)
  const setPassword = async (password: string): Promise<void> => {
    const program = startBundle(t, ['passwd', '--state', state])
    await program.write(Buffer.from(`${password}\n`))
    t.equal((await program.ended).code, 0)
  }
  await setPassword('former')
  const daemon = await startDaemon(t, { source: 'demo', state, more: ['--access', 'read'] })
  const owner = { username: 'me', protocolVersion: 5, reconnectPeriod: 0 } as const
  const thief = await mqtt.connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { ...owner, password: 'former' })
  const stranger = await mqtt.connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { protocolVersion: 5, reconnectPeriod: 0 })
  t.teardown(() => [thief.end(true), stranger.end(true)])
  await setPassword('another')
  await until('the thief to be sent away', () => !thief.connected)
  t.ok(stranger.connected)
})
