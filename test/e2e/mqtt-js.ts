/** `/mqtt.js` as any web page takes it: the README's example in a file of its own, all that 5.0 has for it, what it weighs, and what its types say. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import t from 'tap'
import ts from 'typescript'
import { root, startDaemon } from '../fixtures/e2e/daemon.ts'
import { openPhone, startBrowser } from '../fixtures/e2e/phone.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { mqttJs } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

const browser = await startBrowser(t)
const daemon = await startDaemon(t, { source: 'demo', more: ['--origins', 'any'] }) // a file is a page from nowhere
const folder = makeFolder(t)
const zippedBytesMost = 8_600

t.test("the README's example works when it is pasted in a file", async t => {
  const example = readFileSync(new URL('../fixtures/client/example.html', import.meta.url), 'utf8')
  t.equal(example.trim().split('\n').length, 10, 'it has ten lines')
  t.ok(readFileSync(join(root, 'README.md'), 'utf8').includes(`\`\`\`html\n${example}\`\`\``), 'it stands in the README')
  const path = join(folder, 'example.html')
  writeFileSync(path, example.replaceAll('your-board:8080', `127.0.0.1:${daemon.httpPort}`))
  const phone = await openPhone(t, browser, pathToFileURL(path).href)
  const shown = await until('watts', async () => /^\d+$/.exec((await phone.page.textContent('output')) ?? ''))
  t.ok(shown, `it shows ${shown} W`)
  t.strictSame(phone.errors, [], 'no error in the console')
})

/** A page with one client, whose session is kept and which has a will; what it hears stands in `heard`. */
const keptPage = `<!doctype html><script type="module">
  import { connect } from 'http://127.0.0.1:${daemon.httpPort}/mqtt.js'

  window.heard = []
  window.client = connect('ws://127.0.0.1:${daemon.httpPort}/mqtt', {
    protocolVersion: 5, clientId: 'kept-page', cleanSession: false, sessionExpirySeconds: 600,
    will: { topic: 'gone', payload: 'without goodbye', qos: 2 },
    onMessage: ({ text, qos }) => heard.push(text + ' at ' + qos)
  })
</script>`

t.test('in 5.0: QoS 1 and 2 both ways, a will when its page is closed, and a session that is kept', async t => {
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`, { protocolVersion: 5 })
  const told: string[] = []
  other.client.on('message', (_, payload, { qos }) => told.push(`${payload} at ${qos}`))
  await other.client.subscribeAsync(['from-page', 'gone'], { qos: 2 })
  const path = join(folder, 'kept.html')
  writeFileSync(path, keptPage)
  const openPage = async (isKept: boolean) => {
    const phone = await openPhone(t, browser, pathToFileURL(path).href)
    const state = await until('its client to be connected', () =>
      phone.page.evaluate("window.client?.state.phase === 'connected' && client.state")
    )
    t.match(state, { sessionPresent: isKept })
    return phone
  }
  const hears = (page: Page, ...texts: readonly string[]) =>
    until(`${texts} to be heard`, async () => String(await page.evaluate('heard')) === texts.join())

  const { page, errors } = await openPage(false)
  t.equal(await page.evaluate("client.subscribe('to-page', 2)"), 2)
  for (const qos of [1, 2] as const) {
    await page.evaluate(`client.publish('from-page', 'said', { qos: ${qos} })`)
    await other.client.publishAsync('to-page', 'said', { qos })
  }
  await hears(page, 'said at 1', 'said at 2')
  await until('both', () => told.length === 2)
  await page.close()
  await until('the will', () => told.length > 2)
  t.strictSame(told, ['said at 1', 'said at 2', 'without goodbye at 2'])
  for (const qos of [1, 2] as const) await other.client.publishAsync('to-page', 'missed', { qos })
  const again = await openPage(true)
  await hears(again.page, 'missed at 1', 'missed at 2')
  t.strictSame([...errors, ...again.errors], [], 'no error in the console')
})

t.test('it is one small module that any page may import', async t => {
  const response = await fetch(`${daemon.page}mqtt.js`, { headers: { 'accept-encoding': 'gzip' } })
  t.equal(response.headers.get('access-control-allow-origin'), '*')
  t.match(response.headers.get('content-type'), /^text\/javascript/)
  const bytes = Number(response.headers.get('content-length'))
  t.ok(bytes > 1_000 && bytes <= zippedBytesMost, `${bytes} bytes zipped`)
  t.notMatch(await response.text(), /\bimport\b/, 'which imports nothing')
  const elsewhere = await fetch(daemon.page)
  t.equal(elsewhere.headers.get('access-control-allow-origin'), null, 'and nothing else is for all')
})

t.test('its types are one file that a program compiles with', async t => {
  const types = await (await fetch(`${daemon.page}mqtt.d.ts`)).text()
  writeFileSync(join(folder, 'mqtt.d.ts'), types)
  const compile = (program: string): readonly string[] => {
    const path = join(folder, 'program.ts')
    writeFileSync(path, program)
    const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts'] }
    const made = ts.createProgram([path], { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler })
    return ts.getPreEmitDiagnostics(made).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
  }
  const uses = `import { type ClientState, connect, type Message, MqttError } from './mqtt.js'
const states: ClientState['phase'][] = []
const client = connect('ws://a/mqtt', { protocolVersion: 5, will: { topic: 'a', payload: 'b', delaySeconds: 1 }, onState: ({ phase }) => states.push(phase) })
const show = ({ topic, text, properties }: Message): string => topic + text + properties?.userProperties?.[0]?.[1]
for await (const message of client.messages('a/#', { qos: 2, noLocal: true })) show(message)
try { await client.publish('a', new Uint8Array(1), { qos: 1, retain: true, properties: { contentType: 'a' } }) }
catch (error) { if (error instanceof MqttError) states.push(error.reasonCode === 1 ? 'closed' : 'waiting') }
export const granted: 0 | 1 | 2 = await client.subscribe('a', 1)
`
  t.strictSame(compile(uses), [])
  t.match(compile(uses.replace('qos: 2', 'qos: 3')), [/'3' is not assignable/])
})
