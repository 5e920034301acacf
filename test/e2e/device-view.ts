/** The Device view: it tells how everything is, changes a sensor for all views, and takes a backup out and in again. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import type { DeviceAnswer } from '../../src/api.ts'
import { sizeText } from '../../src/page/device/present.ts'
import { violationsOf } from '../fixtures/e2e/axe.ts'
import { inZone } from '../fixtures/e2e/backup.ts'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, cc128Message, houseMessage } from '../fixtures/e2e/meter.ts'
import { openPhone, type Phone, startBrowser } from '../fixtures/e2e/phone.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

type Test = Parameters<typeof startDaemon>[0]

const small = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true } as const
const wide = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, hasTouch: false } as const

const browser = await startBrowser(t)
t.jobs = 2

async function openDevice(
  t: Test,
  options: object,
  daemon?: Daemon
): Promise<{ readonly daemon: Daemon; readonly phone: Phone; readonly page: Page }> {
  const running = daemon ?? (await startDaemon(t, { source: 'demo' }))
  const phone = await openPhone(t, browser, `${running.page}#device`, options)
  await phone.page.waitForSelector('.device .rows button')
  return { daemon: running, phone, page: phone.page }
}

const cardOf = (page: Page, title: string) =>
  page.locator('.device .card', { has: page.getByRole('heading', { name: title, exact: true }) })

async function rename(page: Page, name: string): Promise<void> {
  await page.locator('.device .rows button').first().click()
  await page.locator('dialog').getByLabel('Name').fill(name)
  await page.locator('dialog').getByRole('button', { name: 'Save' }).click()
}

for (const [name, options] of Object.entries({ small, wide })) {
  t.test(`all that it tells (${name})`, { buffered: true }, async t => {
    const { phone, page } = await openDevice(t, options)
    await cardOf(page, 'Check-up').getByText('Fine').first().waitFor()
    await cardOf(page, 'Meters').getByText('Simulated').waitFor()
    await cardOf(page, 'Sensors').getByText('Whole house').waitFor()
    t.match(await cardOf(page, 'Memory').locator('.big').textContent(), /^\d+(\.\d)?\u202fMB$/)
    const { memory } = (await (await page.request.get(new URL('api/device', page.url()).href)).json()) as DeviceAnswer
    const gauge = cardOf(page, 'Memory').getByRole('meter', { name: 'Pool for messages' })
    t.equal(Number(await gauge.getAttribute('max')), memory.pool.slabs)
    const used = new RegExp(`Pool for messages.* of ${sizeText(memory.pool.slabs * memory.pool.slabBytes, 'en')}; at most \\d.* so far`)
    t.match(await cardOf(page, 'Memory').textContent(), used)
    await cardOf(page, 'Faults').getByText('None since the start.').waitFor()
    t.match(await cardOf(page, 'Store').textContent(), /of at most \d+/)
    await until('us among the clients', async () => /Connected[1-9]\d* \/ \d+/.test((await cardOf(page, 'Clients').textContent()) ?? ''))
    await cardOf(page, 'Log').getByText(/is up/).waitFor()
    await cardOf(page, 'Log').getByRole('radio', { name: 'Errors' }).check()
    await cardOf(page, 'Log').getByText('No such lines.').waitFor()
    t.equal((await page.request.get(new URL('api', page.url()).href)).status(), 200, 'the API’s description is there')
    t.strictSame(await violationsOf(page), [], 'nothing stands in anybody’s way')
    await phone.screenshot(`device-${name}`)
    t.strictSame(phone.errors, [], 'no error in the console')
  })
}

t.test('what is wrong with what a meter says is counted by kinds', { buffered: true }, async t => {
  const port = new Port(t)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path })
  await daemon.untilSaid(/The port is open/)
  const bad = cc128Message('<tmpr>21.0</tmpr><sensor>0</sensor><id>02000</id><type>1</type><ch1><watts>00x12</watts></ch1>')
  await port.write(bytesOf(houseMessage(500) + bad + bad + cc128Message('<tmpr>21.0</tmpr>', 'EnviX')))
  const { page } = await openDevice(t, small, daemon)
  await until('the faults', async () => {
    const rows = await cardOf(page, 'Faults').locator('.row').allTextContents()
    return rows.join() === 'Messages with a value that is none2,Messages of an unknown meter1'
  })
  t.pass('the most frequent first')
})

t.test('a sensor is renamed and scaled, and Now shows it', { buffered: true }, async t => {
  const { page } = await openDevice(t, small)
  await page.locator('.device .rows button').first().click()
  const sheet = page.locator('dialog')
  await sheet.getByLabel('Scale').fill('two')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet.getByText('Scale: a number from 0.01 to 100.').waitFor()
  t.equal(await page.evaluate('document.activeElement.getAttribute("aria-invalid")'), 'true', 'it goes to what is wrong')
  t.strictSame(await violationsOf(page), [], 'the sheet stands in nobody’s way')
  await sheet.getByLabel('Scale').fill('1,05')
  await sheet.getByLabel('Name').fill('The old barn')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await cardOf(page, 'Sensors').getByText('The old barn').waitFor()
  await cardOf(page, 'Sensors')
    .getByText(/scale 1\.05/)
    .waitFor()
  await page.locator('#tab-now').click()
  await page.locator('.now').getByText('The old barn').first().waitFor()
  t.pass('Now calls it so')
  await page.locator('#tab-device').click()
  await page.locator('.device .rows button').first().click()
  await sheet.getByRole('button', { name: 'Back to the settings file' }).click()
  await cardOf(page, 'Sensors').getByText('Whole house').waitFor()
  t.pass('and no longer')
})

t.test('a backup is downloaded and taken back; a file that is none changes nothing', { buffered: true }, async t => {
  const { page } = await openDevice(t, small)
  await rename(page, 'As it was')
  await cardOf(page, 'Sensors').getByText('As it was').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download backup' }).click()])
  const path = join(makeFolder(t), 'backup.ndjson')
  await download.saveAs(path)
  t.match(readFileSync(path, 'utf8'), /^\{"wattslug":"export"/)
  await rename(page, 'As it is now')
  await cardOf(page, 'Sensors').getByText('As it is now').waitFor()
  const restore = async (file: string) => {
    await page.getByLabel('Restore a backup…').setInputFiles(file)
    await page.getByRole('button', { name: 'Replace everything' }).click()
  }
  const broken = join(makeFolder(t), 'broken.ndjson')
  writeFileSync(broken, readFileSync(path, 'utf8').split('\n').slice(0, -2).join('\n'))
  await restore(broken)
  await page.getByText(/^Not restored, nothing was changed: ./).waitFor()
  t.strictSame(await violationsOf(page), [], 'the sheet stands in nobody’s way')
  await page.keyboard.press('Escape')
  await restore(path)
  await page.getByText(/^Done: [1-9]\d* records are back\.$/).waitFor()
  await page.keyboard.press('Escape')
  await cardOf(page, 'Sensors').getByText('As it was').waitFor({ timeout: 60_000 })
  writeFileSync(path, inZone(readFileSync(path, 'utf8'), 'Asia/Tokyo'))
  await restore(path)
  await page.getByText(/records are back\. Their days are those of Asia\/Tokyo: set zone/).waitFor()
})

t.test('what takes a password, when the user thinks better of it, and when not', { buffered: true }, async t => {
  const { daemon, page } = await openDevice(t, small, await startDaemon(t, { source: 'demo', more: ['--access', 'read'] }))
  const password = 'correct horse'
  await page.request.put(`${daemon.page}api/password`, { data: { password } })
  await page.reload()
  await page.getByLabel('Restore a backup…').setInputFiles({ name: 'x.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from('') })
  await page.getByRole('button', { name: 'Replace everything' }).click()
  await page.locator('dialog [type=password]').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('Not restored, nothing was changed: it takes a password.').waitFor()
  await page.keyboard.press('Escape')
  const focused = () => page.evaluate('document.activeElement.textContent')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('dialog [type=password]').waitFor()
  await page.keyboard.press('Escape')
  await until('the focus where it was', async () => (await focused()) === 'Log in')
  await page.getByRole('button', { name: 'Unlock' }).click()
  await page.locator('dialog [type=password]').fill(password)
  await page.keyboard.press('Enter')
  await until('the focus at the log', async () => /is up/.test(String(await focused())))
  t.pass('who goes by keys is not sent back to the beginning')

  const { page: guesser } = await openDevice(t, small, daemon)
  await guesser.getByRole('button', { name: 'Log in' }).click()
  const isWaiting = async () => /Too many/.test((await guesser.locator('dialog .wrong').textContent()) ?? '')
  await until('a guesser to have to wait', async () => {
    if (await isWaiting()) return true
    await guesser.locator('dialog [type=password]').fill('wrong horse')
    const clicked = guesser.locator('dialog .primary').click({ timeout: 500 })
    await clicked.catch(() => undefined) // there is nothing to click while one has to wait
    return isWaiting()
  })
  t.equal(await guesser.evaluate('document.activeElement.type'), 'password', 'nor is who has to wait')
})

t.test('lines of the log that are older than today have their day', { buffered: true }, async t => {
  const { page } = await openDevice(t, small)
  await page.route('**/api/device', async route => {
    const response = await route.fetch()
    const answer = (await response.json()) as { readonly nowMs: number }
    const lines = [2, 0].map(days => ({ atMs: answer.nowMs - days * 86_400_000, level: 'info', text: `${days} days ago` }))
    await route.fulfill({ response, json: { ...answer, log: lines } })
  })
  const day = await page.evaluate("new Date(Date.now() - 2 * 86400000).toLocaleDateString([], { day: 'numeric', month: 'short' })")
  await until('the lines', async () => /2 days ago/.test((await page.locator('.log').textContent()) ?? ''))
  const lines = await page.locator('.log li').allTextContents()
  t.match(lines[0], new RegExp(`^${day} \\d\\d:`))
  t.match(lines[1], /^\d\d:/)
})

t.test('a daemon that goes away: what is shown is marked as old, and comes back', { buffered: true }, async t => {
  const { daemon, page } = await openDevice(t, small)
  await daemon.stop('SIGKILL')
  await page.getByText(/No answer from the daemon. This is as it was at \d/).waitFor()
  await startDaemon(t, { source: 'demo', mqttPort: daemon.mqttPort, httpPort: daemon.httpPort })
  await page.locator('.device:not([data-old])').waitFor()
  t.pass('it is back by itself')
})

t.test('in German', { buffered: true }, async t => {
  const { page } = await openDevice(t, small)
  await Promise.all([page.waitForEvent('load'), page.getByLabel('Language').selectOption('de')])
  await page.getByRole('heading', { name: 'Befund' }).waitFor()
  await page.getByText('demo: Messwerte kommen an.').waitFor()
  t.strictSame(await page.locator('main [lang=en]').allTextContents(), [], 'what the daemon says is said in German')
  await page.locator('#tab-console').click()
  await page.getByRole('button', { name: 'Verbinden', exact: true }).waitFor()
  t.pass('both views speak it')
})
