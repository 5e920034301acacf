/** Before the first reading the page leads to it: what to plug where, with what is seen so far; and it gives way by itself. */
import { chmodSync } from 'node:fs'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { violationsOf } from '../fixtures/e2e/axe.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, sensorMessage } from '../fixtures/e2e/meter.ts'
import { openPhone, type Phone, startBrowser } from '../fixtures/e2e/phone.ts'
import { Port, talk } from '../fixtures/e2e/port.ts'
import { makeDevices, makeFolder, noDevices } from '../fixtures/e2e/program.ts'

/** Not root, for root sees that socat holds the terminals that it makes. */
const user = 'nobody'
const screens = [
  { width: 360, height: 640 },
  { width: 390, height: 844 },
  { width: 1280, height: 800 }
] as const

const browser = await startBrowser(t)
t.jobs = 2

/** The step of this number is so far. */
const stepIs = (page: Page, number: number, mark: string) => page.locator(`.steps li:nth-child(${number})[data-mark="${mark}"]`)

async function looksWell(t: Test, phone: Phone, what: string): Promise<void> {
  for (const viewport of screens)
    for (const colorScheme of ['light', 'dark'] as const) {
      await phone.page.setViewportSize(viewport)
      await phone.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const sideways = await phone.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      t.equal(sideways, 0, `${viewport.width}: nothing overflows`)
      t.strictSame(await violationsOf(phone.page), [], `${viewport.width}, ${colorScheme}: nothing stands in anybody’s way`)
      await phone.screenshot(`${what}-${viewport.width}-${colorScheme}`)
    }
}

t.test('from nothing to the first reading, and what is said when the cable goes', { buffered: true, skip: noDevices }, async t => {
  const [devices, state] = [makeDevices(t), makeFolder(t)]
  chmodSync(state, 0o777)
  const daemon = await startDaemon(t, { devices, user, state })
  const phone = await openPhone(t, browser, daemon.page)
  const { page } = phone
  await page.getByText('No cable is seen yet.').waitFor()
  await stepIs(page, 1, 'now').waitFor()
  await stepIs(page, 2, 'later').waitFor()
  await looksWell(t, phone, 'first-run')

  const port = new Port(t, 'ttyUSB90', devices)
  await port.plug('600')
  await page.getByText('/dev/ttyUSB90 is seen, but wattslug may not open it').waitFor()
  await stepIs(page, 1, 'trouble').waitFor()
  await phone.until('what to do above', ({ notice }) => /group dialout/.test(notice))
  await phone.screenshot('first-run-denied')
  chmodSync(port.path, 0o666)
  await page.getByText('Listening. Nothing is heard yet.').waitFor()
  await page.getByText('Seen: /dev/ttyUSB90').waitFor()
  await stepIs(page, 1, 'done').waitFor()
  await phone.screenshot('first-run-listening')
  await port.write(bytesOf('<msg><src>CC128-v1'))
  await page.getByText('Something is heard, but no whole message yet.').waitFor()
  talk(t, port, sensorMessage(0, 1_234))
  await phone.untilLive(1_234)
  t.notOk(await page.locator('.first').isVisible(), 'the first reading takes its place')

  await port.unplug()
  const gone = await phone.until('that the cable is gone', ({ phase }) => phase === 'no-meter')
  t.match(gone, { watts: '1234', stale: true, notice: /No meter found.*It was last heard at \d?\d:\d\d\./s })
  t.notOk(await page.locator('.first').isVisible(), 'who had a reading is not led again')
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('in German', { buffered: true, skip: noDevices }, async t => {
  const [devices, state] = [makeDevices(t), makeFolder(t)]
  chmodSync(state, 0o777)
  const daemon = await startDaemon(t, { devices, user, state })
  const phone = await openPhone(t, browser, daemon.page, { locale: 'de-AT', viewport: { width: 360, height: 640 } })
  const { page } = phone
  await page.getByText('Noch ist kein Kabel zu sehen.').waitFor()
  await phone.screenshot('first-run-german')
  t.strictSame(await violationsOf(page), [])
  await page.locator('#tab-history').click()
  await page.getByText('Noch kein Verlauf').waitFor()
  t.equal(await page.locator('.history :is(button, a):visible').count(), 0, 'where there is nothing, nothing can be chosen')
  await page.locator('#tab-device').click()
  await page.locator('.meter-state').getByText('Nicht da').waitFor()
})

t.test('a meter that is read over the network has no cable here', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'tcp://127.0.0.1:9' })
  const phone = await openPhone(t, browser, daemon.page)
  await phone.until('what is wrong', ({ notice }) => /No connection to tcp/.test(notice))
  await phone.page.waitForTimeout(2_500)
  t.equal(await phone.page.locator('.first').count(), 0)
})
