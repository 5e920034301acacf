/** The console as a person uses it: one tap shows the meter's topics, and whoever else is at the broker sees what is published. */
import type { Page } from 'playwright-core'
import t from 'tap'
import { violationsOf } from '../fixtures/e2e/axe.ts'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { openPhone, type Phone, startBrowser } from '../fixtures/e2e/phone.ts'
import { mqttJs } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

type Test = Parameters<typeof startDaemon>[0]

const small = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true } as const
const wide = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, hasTouch: false } as const
/** More than one topic tree has room for, and one that is not so large that making them takes long. */
const topicsMax = 2_000

const browser = await startBrowser(t)
t.jobs = 2

/** What the tree holds so far. */
const summaryOf = async (page: Page): Promise<string> => (await page.locator('.console .summary .note').textContent()) ?? ''
const countIn = (text: string, what: RegExp): number => Number(what.exec(text.replaceAll(/\s/g, ''))?.[1] ?? 0)

async function openConsole(
  t: Test,
  options: object,
  daemon?: Daemon
): Promise<{ readonly daemon: Daemon; readonly phone: Phone; readonly page: Page }> {
  const running = daemon ?? (await startDaemon(t, { source: 'demo' }))
  const phone = await openPhone(t, browser, `${running.page}#console`, options)
  await phone.page.waitForSelector('.console')
  return { daemon: running, phone, page: phone.page }
}

async function connect(page: Page): Promise<void> {
  await page.locator('.link').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.waitForSelector('.link[data-kind="connected"]')
}

/** Sets what the sheet of the connection offers, and connects. */
async function connectAs(page: Page, set: (sheet: ReturnType<Page['locator']>) => Promise<void>): Promise<void> {
  await page.getByRole('button', { name: 'Connection settings' }).click()
  const sheet = page.locator('dialog.sheet')
  await set(sheet)
  await sheet.getByRole('button', { name: 'Connect', exact: true }).click()
}

for (const [name, options] of Object.entries({ small, wide })) {
  t.test(`one tap, and the meter's topics grow into a tree (${name})`, { buffered: true }, async t => {
    const { phone, page } = await openConsole(t, options)
    t.strictSame(await violationsOf(page), [], 'nothing stands in anybody’s way before')
    await connect(page)
    await page.waitForSelector('[title="currentcost/0/state"]')
    const before = countIn(await summaryOf(page), /·(\d+)messages/)
    await until('more messages of the meter', async () => countIn(await summaryOf(page), /·(\d+)messages/) > before + 3)
    t.strictSame(await violationsOf(page), [], 'nor after')
    await phone.screenshot(`console-${name}-tree`, false)
    await page.fill('.tools input', 'nothing is called so')
    await page.getByText('Nothing fits this search.').waitFor()
    await page.fill('.tools input', '0/STATE')
    await page.locator('[title="currentcost/0/state"]').click()
    await page.locator('.topic .payload', { hasText: '"watts":' }).waitFor()
    await page.locator('.topic .curve').first().waitFor()
    t.strictSame(await violationsOf(page), [], 'nor at one topic')
    await phone.screenshot(`console-${name}-topic`, false)
    t.strictSame(phone.errors, [], 'no error in the console')
  })
}

t.test('a sheet stays when a selection ends beside it, goes with its view, and has room below a long name', { buffered: true }, async t => {
  const { daemon, page } = await openConsole(t, small)
  const sheet = page.locator('dialog.sheet')
  const isOpen = () => sheet.isVisible()
  const openSettings = () => page.getByRole('button', { name: 'Connection settings' }).click()
  await openSettings()
  await sheet.locator('h2').hover()
  await page.mouse.down()
  await page.mouse.move(180, 12)
  await page.mouse.up()
  t.ok(await isOpen(), 'the mouse went down in it and up beside it')
  await page.mouse.click(180, 12)
  t.notOk(await isOpen(), 'a touch beside it closes it')
  await openSettings()
  await page.evaluate("location.hash = 'device'") // as the phone's way back does: no tab can be touched under a sheet
  await page.waitForSelector('.device')
  t.notOk(await isOpen(), 'it is gone with its view')
  await page.goBack()
  await connect(page)
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  await other.client.publishAsync('x'.repeat(10_000), '1', { retain: true })
  await page.fill('.tools input', 'xxx')
  await page.locator('.topics .open').first().click()
  t.ok(((await sheet.locator('h2').boundingBox())?.height ?? 0) < 100, 'three lines of ten thousand letters')
  t.strictSame(await violationsOf(page), [], 'and it stands in nobody’s way')
})

t.test('what is published arrives, at each QoS; a retained message stays until it is cleared', { buffered: true }, async t => {
  const { daemon, page } = await openConsole(t, wide)
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  await other.client.subscribeAsync('test/#', { qos: 2 })
  const form = page.locator('form.publish')
  await form.getByLabel('Topic', { exact: true }).fill('test/+')
  await form.getByRole('button', { name: 'Publish' }).click()
  await form.getByText('no + and no #').waitFor()
  await connect(page)
  for (const qos of [0, 1, 2]) {
    await form.getByLabel('Topic', { exact: true }).fill(`test/${qos}`)
    await form.getByLabel('Payload').fill(`{"at":${qos}}`)
    await form.getByText('JSON · 8 bytes').waitFor()
    await form.locator('.segments label').nth(qos).click()
    await form.getByRole('button', { name: 'Publish' }).click()
    await form.getByText(qos === 0 ? 'Sent.' : /^Acknowledged in [\d.]+ ms$/).waitFor()
    await other.until(`test/${qos}`, `{"at":${qos}}`)
    t.pass(`QoS ${qos} arrived`)
  }
  await form.getByLabel('Topic', { exact: true }).fill('test/kept')
  await form.getByLabel('Payload').fill('still here')
  await form.getByRole('switch', { name: 'Retain' }).check()
  await form.getByText('More (MQTT 5.0)').click()
  await form.getByLabel('Content type').fill('text/plain')
  await form.getByLabel('User properties').fill('room=kitchen')
  await form.getByRole('button', { name: 'Publish' }).click()
  await other.until('test/kept', 'still here')
  const later = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  await later.client.subscribeAsync('test/kept')
  await later.until('test/kept', 'still here')
  t.pass('who comes later has it too')

  await page.fill('.tools input', 'test/kept')
  await page.locator('[title="test/kept"]').click()
  await page.locator('.topic').getByText('room = kitchen').waitFor()
  await page.locator('.topic').getByText('retained', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Clear retained message' }).click()
  await page.getByRole('button', { name: 'Really clear it?' }).click()
  await page.locator('.topic').getByText('Cleared').waitFor()
  const last = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  await last.client.subscribeAsync(['test/kept', 'test/end'])
  await last.client.publishAsync('test/end', 'end')
  await last.until('test/end', 'end')
  t.strictSame(last.of('test/kept'), [], 'after that nobody has')
})

t.test('what is typed stays until it is sent, whatever is touched meanwhile', { buffered: true }, async t => {
  const { daemon, page } = await openConsole(t, wide)
  const form = page.locator('form.publish')
  const typed = async () => [
    await form.getByLabel('Topic', { exact: true }).inputValue(),
    await form.getByLabel('Payload').inputValue(),
    await form.getByLabel('Content type').inputValue()
  ]
  const words = ['barn/lamp', 'on, and slowly', 'text/plain']
  await form.getByLabel('Topic', { exact: true }).fill('barn/lamp')
  await form.getByLabel('Payload').fill('on, and slowly')
  await form.getByText('More (MQTT 5.0)').click()
  await form.getByLabel('Content type').fill('text/plain')
  await form.getByRole('button', { name: 'Publish' }).click()
  await form.getByText('Connect first.').waitFor()
  await connect(page)
  t.strictSame(await typed(), words, 'once connected')
  await page.locator('[title="currentcost/0/state"]').click()
  await page.locator('.topic .payload').waitFor()
  t.strictSame(await typed(), words, 'beside a topic')
  await page.locator('#tab-now').click()
  await page.waitForSelector('.now')
  await page.locator('#tab-console').click()
  await page.waitForSelector('.link[data-kind="connected"]')
  t.strictSame(await typed(), words, 'back from another view')
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  await other.client.subscribeAsync('barn/lamp')
  await form.getByLabel('Expires after').fill('soon')
  await form.getByText('More (MQTT 5.0)').click()
  await form.getByRole('button', { name: 'Publish' }).click()
  await form.getByText('Expires after, in seconds: Seconds, from 0 to').waitFor()
  t.ok(await form.getByLabel('Expires after').isVisible(), 'what is wrong is told, and shown where it was folded away')
  await form.getByLabel('Expires after').fill('60')
  await form.getByRole('button', { name: 'Publish' }).click()
  await other.until('barn/lamp', 'on, and slowly')
  t.pass('and is sent')
})

t.test('the focus goes from topic to topic, and stays with one while others come', { buffered: true }, async t => {
  const { daemon, page } = await openConsole(t, wide)
  await connect(page)
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  const topics = Array.from({ length: 40 }, (_, index) => `rows/${index + 10}`)
  for (const topic of topics) other.client.publish(topic, 'x')
  await page.fill('.tools input', 'rows/')
  await until('all of them', async () => (await page.locator('.topics').getAttribute('style'))?.includes(`${41 * 52}px`))
  const focused = () => page.evaluate('document.activeElement.title')
  await page.locator('[title="rows/10"]').focus()
  const seen: unknown[] = []
  for (const _ of topics) {
    seen.push(await focused())
    await page.keyboard.press('Tab')
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
  t.strictSame(seen, topics, 'each of them, however far one has to scroll')
  await page.keyboard.press('Shift+Tab')
  t.equal(await focused(), 'rows/49')
  await other.client.publishAsync('rows/2', 'x', { qos: 1 })
  await until('one more above', async () => (await page.locator('.topics').getAttribute('style'))?.includes(`${42 * 52}px`))
  t.equal(await focused(), 'rows/49')
})

t.test('who looks back at messages by keyboard keeps the place while more come', { buffered: true }, async t => {
  const { daemon, page } = await openConsole(t, wide)
  await connect(page)
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  for (const payload of ['first', 'second', 'third']) await other.client.publishAsync('barn/door', payload, { qos: 1 })
  const topic = page.locator('[title="barn/door"]')
  await topic.getByText('third').waitFor()
  await topic.click()
  const rows = page.locator('.history button')
  t.strictSame(await rows.locator('.preview').allTextContents(), ['third', 'second', 'first'])
  const focused = () => page.evaluate('document.activeElement.querySelector(".preview")?.textContent')
  await rows.nth(1).focus()
  await page.keyboard.press('Enter')
  await page.locator('.payload', { hasText: 'second' }).waitFor()
  t.equal(await focused(), 'second', 'picked')
  await other.client.publishAsync('barn/door', 'fourth', { qos: 1 })
  await rows.nth(3).waitFor()
  t.strictSame(await rows.locator('.preview').allTextContents(), ['fourth', 'third', 'second', 'first'])
  t.equal(await rows.nth(0).locator('.when').textContent(), 'Latest')
  t.equal(await focused(), 'second', 'and while another came')
  t.equal(await page.locator('.payload').textContent(), 'second')
  await rows.nth(0).click()
  await other.client.publishAsync('barn/door', 'fifth', { qos: 1 })
  await page.locator('.payload', { hasText: 'fifth' }).waitFor()
  t.equal(await page.locator('.history button[aria-pressed="true"] .preview').textContent(), 'fifth', 'who picks the latest follows it')
})

t.test('what cannot be connected with is told, and another broker begins with no topics', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--origins', 'any'] })
  const { page, phone } = await openConsole(t, small, daemon)
  const connectButton = page.locator('dialog').getByRole('button', { name: 'Connect', exact: true })
  await connectAs(page, async sheet => {
    await sheet.locator('.segments label', { hasText: '3.1.1' }).click()
    await sheet.getByLabel('Password').fill('secret word')
  })
  await page.getByText('takes a password only with a user name').waitFor()
  await page.locator('dialog').getByLabel('Password').fill('')
  await page.locator('dialog').getByText('Last will').click()
  await page.locator('dialog').getByLabel('Topic').fill('gone')
  await page.locator('dialog').getByLabel('Payload').fill('x'.repeat(65_536))
  await connectButton.click()
  await page.locator('.link', { hasText: 'Not 0 to 65535: 65536.' }).waitFor()
  await connectAs(page, sheet => sheet.getByLabel('Topic').fill(''))
  await page.waitForSelector('[title="currentcost/0/state"]')
  await connectAs(page, sheet => sheet.getByLabel('Address').fill(`ws://127.0.0.1:${daemon.httpPort}/mqtt#fragment`))
  await page.locator('.link', { hasText: 'fragment' }).waitFor()
  t.ok(await page.locator('[title="currentcost/0/state"]').isVisible(), 'what was heard is there as long as no other broker is')
  t.strictSame(phone.errors, [], 'no error in the console')
  await connectAs(page, sheet => sheet.getByLabel('Address').fill(`ws://localhost:${daemon.httpPort}/mqtt`))
  await page.waitForSelector('.link[data-kind="connected"]')
  await page.getByText('Subscribe to see messages').waitFor()
  t.equal(await page.locator('.topics li').count(), 0)
})

for (const version of ['3.1.1', '5.0']) {
  t.test(`MQTT ${version}: a will is published when the connection is cut, and only then`, { buffered: true }, async t => {
    const daemon = await startDaemon(t, { source: 'demo' })
    const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
    await other.client.subscribeAsync('phone/#')
    const set = async (sheet: ReturnType<Page['locator']>, payload: string) => {
      await sheet.getByLabel('Client id').fill(`phone-${payload}`)
      await sheet.locator('.segments label', { hasText: version }).click()
      await sheet.getByText('Last will').click()
      await sheet.getByLabel('Topic').fill(`phone/${payload}`)
      await sheet.getByLabel('Payload').fill(payload)
    }
    const polite = await openConsole(t, small, daemon)
    await connectAs(polite.page, sheet => set(sheet, 'polite'))
    await polite.page.getByText(`MQTT ${version} as phone-polite`).waitFor()
    await polite.page.getByRole('button', { name: 'Disconnect' }).click()
    await polite.page.waitForSelector('.link[data-kind="idle"]')
    const cut = await openConsole(t, small, daemon)
    await connectAs(cut.page, sheet => set(sheet, 'cut'))
    await cut.page.waitForSelector('.link[data-kind="connected"]')
    await cut.page.close()
    await other.until('phone/cut', 'cut')
    t.strictSame(other.of('phone/polite'), [], 'who says goodbye needs no will')
  })
}

t.test('subscriptions come and go, and settings are remembered without the password', { buffered: true }, async t => {
  const { daemon, page, phone } = await openConsole(t, small)
  await connectAs(page, async sheet => {
    await sheet.getByLabel('User name').fill('anna')
    await sheet.getByLabel('Password').fill('secret word')
    await sheet.getByText('Session and keep alive').click()
    await sheet.getByLabel('Keep alive').fill('99999')
  })
  await page.getByText('from 0 to 65535').waitFor()
  await page.locator('dialog').getByLabel('Keep alive').fill('30')
  await page.locator('dialog').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.locator('.subscription', { hasText: 'QoS 0' }).waitFor()
  await page.getByRole('button', { name: '+ Subscribe' }).click()
  await page.getByLabel('Topic filter').fill('a/#/b')
  await page.locator('dialog').getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.getByText('That is no topic filter').waitFor()
  await page.getByLabel('Topic filter').fill('$SYS/#')
  await page.locator('dialog .segments label', { hasText: '1' }).click()
  t.strictSame(await violationsOf(page), [], 'the sheet stands in nobody’s way')
  await page.locator('dialog').getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.locator('.subscription', { hasText: '$SYS/#' }).getByText('QoS 1').waitFor()
  await page.locator('.subscription', { hasText: '#' }).first().click()
  await page.getByRole('button', { name: 'Unsubscribe' }).click()
  await until('one subscription to be left', async () => (await page.locator('.subscriptions li').count()) === 1)
  t.notMatch(await page.evaluate('JSON.stringify(localStorage)'), /secret/)
  await page.reload()
  await page.locator('.subscription', { hasText: '$SYS/#' }).waitFor()
  await page.getByRole('button', { name: 'Connection settings' }).click()
  t.equal(await page.getByLabel('User name').inputValue(), 'anna')
  t.equal(await page.getByLabel('Password').inputValue(), '')
  await page.getByLabel('Address').fill('ws://127.0.0.1:1/')
  await page.locator('dialog').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('Connection lost').waitFor()
  await page.getByText(/Next try in \d+ s/).waitFor()
  t.pass('a broker that is not there is told as such')
  t.ok(
    phone.errors.every(error => error.includes('127.0.0.1:1/')),
    `no other error in the console of ${daemon.page}`
  )
})

t.test('who leaves the view and comes back finds the topics, and is connected again', { buffered: true }, async t => {
  const { page } = await openConsole(t, small)
  await connect(page)
  await page.waitForSelector('[title="currentcost/0/state"]')
  await page.locator('#tab-now').click()
  await page.waitForSelector('.now')
  await page.locator('#tab-console').click()
  await page.waitForSelector('[title="currentcost/0/state"]')
  await page.waitForSelector('.link[data-kind="connected"]')
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByText(/^Paused: [1-9]\d* let go by$/).waitFor()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.waitForSelector('[title="currentcost/0/state"]')
  t.pass('it fills anew')
})

t.test('a broker with more topics than there is room for', { buffered: true }, async t => {
  const { daemon, page } = await openConsole(t, small)
  await connect(page)
  await page.waitForSelector('[title="currentcost/0/state"]')
  const other = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  for (let index = 0; index < topicsMax + 200; index += 1) other.client.publish(`flood/${index}`, `value ${index}`)
  await page.getByText(/^No room for more topics: [1-9]/).waitFor()
  const summary = await summaryOf(page)
  t.ok(countIn(summary, /^(\d+)topics/) <= topicsMax, summary)
  t.ok((await page.locator('.topics li').count()) < 60, 'only what is on the screen is there')
})
