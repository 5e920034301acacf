/** Alerts of the page: the notification comes in a real browser, and who does not allow it is told. */
import t from 'tap'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage } from '../fixtures/e2e/meter.ts'
import { openPhone, type Phone, startBrowser } from '../fixtures/e2e/phone.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { until } from '../fixtures/e2e/wait.ts'

const browser = await startBrowser(t)
const port = new Port(t)
await port.plug()
const daemon = await startDaemon(t, { source: port.path })
await daemon.untilSaid(/The port is open/)
t.jobs = 2

const open = async (t: Parameters<typeof startDaemon>[0]): Promise<Phone> => {
  const phone = await openPhone(t, browser, `${daemon.page}#device`, { serviceWorkers: 'allow' })
  await phone.page.getByRole('button', { name: 'Alerts' }).tap()
  await phone.page.locator('dialog').waitFor()
  return phone
}
const notifications = (phone: Phone) =>
  phone.page.evaluate(
    'navigator.serviceWorker.ready.then(one => one.getNotifications()).then(all => all.map(({ body }) => body))'
  ) as Promise<readonly string[]>

t.test('a browser in which they may not be shown says so, once it was asked', { buffered: true }, async t => {
  const phone = await open(t)
  const notice = phone.page.locator('dialog .notice')
  t.notOk(await notice.isVisible(), 'nobody was asked yet')
  await phone.page.getByRole('switch', { name: 'Meter silent' }).tap()
  await phone.page.getByRole('button', { name: 'Save' }).tap()
  await notice.waitFor()
  t.match(await notice.textContent(), /turned off for this page/)
  await phone.screenshot('alerts-denied', false)
  await phone.page.getByRole('button', { name: 'Save' }).tap()
  await phone.page.locator('dialog').waitFor({ state: 'detached' })
  t.match(await phone.page.evaluate("localStorage.getItem('wattslug.alerts')"), '"silent"', 'the rule is kept')
})

t.test('the one for a test comes, then that for high usage, and that for a meter that fell silent', { buffered: true }, async t => {
  const phone = await open(t)
  await phone.page.context().grantPermissions(['notifications'])
  await phone.page.getByRole('button', { name: 'Send a test' }).tap()
  await until('the test', async () => (await notifications(phone)).includes('This is what an alert looks like.'))
  for (const name of ['High usage', 'Meter silent']) await phone.page.getByRole('switch', { name }).tap()
  for (const minutes of await phone.page.getByLabel('For minutes').all()) await minutes.fill('1')
  await phone.page.getByLabel('Above, in watts').fill('400')
  await port.write(bytesOf(houseMessage(500)))
  await phone.page.getByRole('button', { name: 'Save' }).tap()
  await phone.page.locator('dialog').waitFor({ state: 'detached' })
  const isTold = (text: RegExp) => async () => (await notifications(phone)).some(told => text.test(told))
  // A link that breaks meanwhile begins the minute anew, so the meter goes on until it was told.
  const meter = setInterval(() => void port.write(bytesOf(houseMessage(500))), 6_000)
  t.teardown(() => clearInterval(meter))
  await until('high usage', isTold(/^The house has drawn more than 400\sW for 1 min\.$/), 180_000)
  clearInterval(meter)
  await until('a meter that fell silent', isTold(/^Nothing was heard of the meter for 1 min\.$/), 180_000)
  t.strictSame(phone.errors, [], 'no error in the console')
})
