/** Who may do what, as a person meets it on the page: the first password, a wrong one, a login that is asked for, kept, and forgotten. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { hashPassword } from '../../src/io/password.ts'
import { violationsOf } from '../fixtures/e2e/axe.ts'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { openPhone, type Phone, startBrowser, takePhone } from '../fixtures/e2e/phone.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

type Test = Parameters<typeof startDaemon>[0]

const small = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true } as const
const screens = [
  { width: 360, height: 640 },
  { width: 390, height: 844 },
  { width: 1280, height: 800 }
] as const
const secret = 'three small words'

const browser = await startBrowser(t)
t.jobs = 2

async function startWith(t: Test, access: string, more: readonly string[] = []): Promise<Daemon> {
  return startDaemon(t, { source: 'demo', more: ['--access', access, ...more] })
}

/** Sets the password, or another one, as a program would. */
async function putPassword(daemon: Daemon, password: string, present?: string): Promise<void> {
  const login = present === undefined ? {} : { Authorization: `Basic ${btoa(`owner:${present}`)}` }
  const headers = { 'Content-Type': 'application/json', ...login }
  const { status } = await fetch(`${daemon.page}api/password`, { method: 'PUT', headers, body: JSON.stringify({ password }) })
  if (status !== 204) throw new Error(`PUT /api/password: ${status}`)
}

const sheetOf = (page: Page, title: string) => page.locator('dialog', { has: page.getByRole('heading', { name: title, exact: true }) })

async function rename(page: Page, name: string): Promise<void> {
  await page.locator('.device .rows button').first().click()
  await page.locator('dialog').getByLabel('Name').fill(name)
  await page.locator('dialog').getByRole('button', { name: 'Save' }).click()
}

/** Types a password into the form on top, and sends it. */
async function say(page: Page, button: string, password: string, name?: string): Promise<void> {
  const form = page.locator('form.login')
  if (name !== undefined) await form.getByLabel('Name').fill(name)
  await form.getByLabel(/^(New p|P)assword/).fill(password)
  await form.getByRole('button', { name: button, exact: true }).click()
}

/** Looks at what is shown on every screen, by day and by night. */
async function looksWell(t: Test, { page, screenshot }: Phone, what: string): Promise<void> {
  for (const viewport of screens)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      t.equal(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        0,
        `${what}: nothing overflows`
      )
      t.strictSame(await violationsOf(page), [], `${what}, ${viewport.width}, ${colorScheme}: nothing stands in anybody’s way`)
      await screenshot.call({ page }, `${what}-${viewport.width}-${colorScheme}`, false)
    }
  await page.setViewportSize(small.viewport)
}

/** What a browser says of requests that were refused is no error of the page. */
const own = (errors: readonly string[]): readonly string[] =>
  errors.filter(error => !/status of 4(01|03|29)|WebSocket is closed before/.test(error))

t.test('the first change asks for the first password, and goes on once it is set', { buffered: true }, async t => {
  const daemon = await startWith(t, 'read')
  const phone = await openPhone(t, browser, `${daemon.page}#device`, small)
  const { page } = phone
  await page.getByText('The log is shown to the owner alone.').waitFor()
  await rename(page, 'Barn')
  await sheetOf(page, 'Choose a password').waitFor()
  await looksWell(t, phone, 'password-first')
  await page.keyboard.press('Escape')
  await page.locator('dialog').getByText('Not done: it takes a password.').waitFor()
  t.equal(await page.locator('dialog').getByLabel('Name').inputValue(), 'Barn', 'who thinks again finds what was typed')
  await page.locator('dialog').getByRole('button', { name: 'Save' }).click()
  await say(page, 'Set the password', 'short')
  await page.getByText('A password has 8 characters or more.').waitFor()
  await say(page, 'Set the password', secret)
  await page.locator('.device').getByText('Barn').waitFor()
  t.pass('what was wanted was done')
  await page.locator('.log').getByText(/is up/).waitFor()
  t.pass('the owner sees the log')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download backup' }).click()])
  t.match(download.suggestedFilename(), /^wattslug-.*\.ndjson$/, 'and takes a backup')

  await page.getByRole('button', { name: 'Change the password' }).click()
  await say(page, 'Change it', 'four other small words')
  await page.getByText('The new password counts from now on.').waitFor()
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Log out' }).click()])
  await page.getByText('Not logged in.').waitFor()
  await page.getByText('None since the start.').waitFor()
  t.pass('a page that was loaded anew is no fault')
  t.notMatch(await page.evaluate('JSON.stringify([localStorage, sessionStorage])'), /words/, 'nothing of it is left in the browser')
  await rename(page, 'Stable')
  await sheetOf(page, 'Password').waitFor()
  await say(page, 'Unlock', secret)
  await page.getByText('That isn’t right.').waitFor()
  await say(page, 'Unlock', 'four other small words')
  await page.locator('.device').getByText('Stable').waitFor()
  t.strictSame(own(phone.errors), [], 'no error in the console')
})

t.test('who guesses is told how long to wait', { buffered: true }, async t => {
  const daemon = await startWith(t, 'read')
  await putPassword(daemon, secret)
  const { page } = await openPhone(t, browser, `${daemon.page}#device`, small)
  await page.getByRole('button', { name: 'Unlock' }).click()
  const wrong = page.locator('form.login .wrong')
  await until('the page to ask for patience', async () => {
    if (!/Try again in \d+ s\./.test((await wrong.textContent()) ?? '')) await say(page, 'Unlock', 'a guess')
    return /Try again in \d+ s\./.test((await wrong.textContent()) ?? '')
  })
  t.ok(await page.locator('form.login button.primary').isDisabled(), 'and no further try can be made')
  await page.locator('form.login button.primary:enabled').waitFor()
  await say(page, 'Unlock', secret)
  await page.locator('.log').getByText(/is up/).waitFor()
  t.pass('until the time is over')
})

t.test('a password file that cannot be read is told, and asks for nothing', { buffered: true }, async t => {
  const state = makeFolder(t)
  mkdirSync(join(state, 'demo'))
  for (const folder of [state, join(state, 'demo')]) writeFileSync(join(folder, 'password'), 'no hash at all')
  const daemon = await startDaemon(t, { source: 'demo', state, more: ['--access', 'read'] })
  const { page } = await openPhone(t, browser, `${daemon.page}#device`, small)
  await page.getByText('The file that holds the password cannot be read.').waitFor()
  await page.getByRole('button', { name: 'Download backup' }).click()
  await page.getByText('The file with the password cannot be read, so nothing can be changed for now.').waitFor()
  t.strictSame(await violationsOf(page), [], 'nothing stands in anybody’s way')
})

t.test('over HTTPS the page speaks to the broker over TLS as well', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--tls', 'self-signed', '--https-port', '0', '--mqtts-port', '0'] })
  await daemon.untilSaid(/https:\/\/\S+:\d+/)
  const [address = ''] = /https:\/\/\S+:\d+\//.exec(daemon.log.join('\n')) ?? []
  const phone = await openPhone(t, browser, address, { ...small, ignoreHTTPSErrors: true })
  await phone.page.waitForSelector('body[data-phase=live]')
  t.ok(
    phone.requests.some(request => request.startsWith('wss:')),
    'by wss'
  )
  t.notOk(
    phone.requests.some(request => /^(ws|http):/.test(request)),
    'and by nothing else'
  )
})

t.test('the console shows a guest the readings, and asks for a login to publish', { buffered: true }, async t => {
  const daemon = await startWith(t, 'read')
  await putPassword(daemon, secret)
  const phone = await openPhone(t, browser, `${daemon.page}#console`, small)
  const { page } = phone
  await page.locator('.link').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.locator('[title="currentcost/0/state"]').waitFor()
  await page.getByText('As a guest you see the readings.').waitFor()
  t.strictSame(await violationsOf(page), [], 'a guest finds nothing in the way')
  await page.getByRole('button', { name: '+ Subscribe' }).click()
  await page.getByLabel('Topic filter').fill('$SYS/broker/uptime')
  await page.locator('dialog').getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.locator('.subscription', { hasText: '$SYS/broker/uptime' }).getByText('The broker does not let you do this.').waitFor()
  await page.locator('.tools').getByRole('button', { name: 'Publish' }).click()
  await page.getByLabel('Topic', { exact: true }).fill('barn/lamp')
  await page.getByLabel('Payload').fill('on')
  await page.locator('dialog').getByRole('button', { name: 'Publish' }).click()
  await sheetOf(page, 'Log in').waitFor()
  t.strictSame(await violationsOf(page), [], 'nor does who is asked')
  await say(page, 'Log in', secret)
  await page.getByText('Sent.').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.subscription', { hasText: '$SYS/broker/uptime' }).getByText('QoS 0').waitFor()
  await page.fill('.tools input', 'barn/lamp')
  await page.locator('[title="barn/lamp"]').waitFor()
  t.notOk(await page.getByText('As a guest you see the readings.').isVisible(), 'no guest any more')

  await page.getByRole('button', { name: 'Connection settings' }).click()
  await page.locator('dialog').getByLabel('User name').fill('anna')
  await page.locator('dialog').getByLabel('Password').fill('a guess')
  await page.locator('dialog').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('heading', { name: 'Not let in' }).waitFor()
  await page.getByText('Wrong user name or password.').waitFor()
  t.strictSame(own(phone.errors), [], 'no error in the console')
})

t.test('where there is room a guest who logs in to publish is told there what came of it', { buffered: true }, async t => {
  const daemon = await startWith(t, 'read')
  await putPassword(daemon, secret)
  const { page } = await openPhone(t, browser, `${daemon.page}#console`, { viewport: { width: 1280, height: 800 } })
  await page.locator('.link').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('As a guest you see the readings.').waitFor()
  const form = page.locator('form.publish')
  await form.getByLabel('Topic', { exact: true }).fill('barn/lamp')
  await form.locator('.segments label').nth(1).click()
  await form.getByRole('button', { name: 'Publish' }).click()
  await say(page, 'Log in', secret)
  await form.getByText(/^Acknowledged in /).waitFor()
  t.pass('beside the topics')
})

t.test('where looking takes a login the page asks for it first, and keeps it until it is closed', { buffered: true }, async t => {
  const users = join(makeFolder(t), 'users')
  writeFileSync(users, `anna:${await hashPassword('annas own words')}\n`)
  const daemon = await startWith(t, 'login', ['--users', users])
  await putPassword(daemon, secret)
  const phone = await takePhone(t, browser, small)
  const { page } = phone
  await page.goto(`${daemon.page}#history`)
  const screen = page.locator('dialog.sign-in')
  await screen.waitFor()
  await looksWell(t, phone, 'sign-in')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await screen.waitFor()
  t.pass('it cannot be passed by')
  await say(page, 'Log in', 'a guess', 'anna')
  await page.getByText('That isn’t right.').waitFor()
  await say(page, 'Log in', 'annas own words', 'anna')
  await screen.waitFor({ state: 'detached' })
  await page.waitForSelector('body[data-phase=live]')
  t.equal(await page.evaluate('document.body.dataset.view'), 'history', 'it goes on where one wanted to')
  const [csv] = await Promise.all([page.waitForEvent('download'), page.locator('.history-csv').click()])
  t.match(csv.suggestedFilename(), /\.csv$/, 'files come too, which a plain link would not bring')
  await page.reload()
  await page.waitForSelector('body[data-phase=live]')
  t.notOk(await screen.isVisible(), 'it is not asked again')
  t.notMatch(await page.evaluate('JSON.stringify(localStorage)'), /annas|watts/, 'nothing is kept on the device that was shown to her')

  await page.locator('#tab-device').click()
  await page.getByText('Logged in as').waitFor()
  await rename(page, 'Barn')
  await sheetOf(page, 'Password').waitFor()
  t.pass('what is the owner’s takes the owner’s password')
  await say(page, 'Unlock', secret)
  await page.locator('.device').getByText('Barn').waitFor()

  const other = await openPhone(t, browser, daemon.page, small)
  await other.page.locator('dialog.sign-in').waitFor()
  await other.page.getByText('Stay logged in on this device').click()
  await say(other.page, 'Log in', 'annas own words', 'anna')
  await other.page.waitForSelector('body[data-phase=live]')
  const kept = await other.page.context().storageState()
  const later = await openPhone(t, browser, daemon.page, { ...small, storageState: kept })
  await later.page.waitForSelector('body[data-phase=live]')
  t.pass('who wants to stays logged in on the device')
  await later.page.locator('#tab-device').click()
  await Promise.all([later.page.waitForEvent('load'), later.page.getByRole('button', { name: 'Log out' }).click()])
  await later.page.locator('dialog.sign-in').waitFor()
  t.notMatch(await later.page.evaluate('JSON.stringify(localStorage)'), /annas|watts/, 'and when logged out leaves nothing there')
  for (const one of [phone, other, later]) t.strictSame(own(one.errors), [], 'no error in the console')
})

t.test('a password that was changed elsewhere is asked for again, and the place is not lost', { buffered: true }, async t => {
  const daemon = await startWith(t, 'login')
  const phone = await openPhone(t, browser, daemon.page, small)
  const { page } = phone
  await page.getByRole('heading', { name: 'Choose a password' }).waitFor()
  await say(page, 'Set the password', secret)
  await page.waitForSelector('body[data-phase=live]')
  t.pass('where nobody has a password yet the first one is chosen on the same screen')
  await page.locator('#tab-console').click()
  await page.locator('.link').getByRole('button', { name: 'Connect', exact: true }).click()
  await page.locator('[title="currentcost/0/state"]').waitFor()
  t.pass('the console is who the page is')
  await page.fill('.tools input', 'currentcost/1')
  await putPassword(daemon, 'four other small words', secret)
  await page.locator('dialog.sign-in').waitFor()
  await say(page, 'Log in', 'four other small words')
  await page.waitForSelector('body[data-phase=live]')
  t.equal(await page.inputValue('.tools input'), 'currentcost/1', 'what was typed still stands there')
  t.strictSame(own(phone.errors), [], 'no error in the console')
})

t.test('who stays logged in is so in all tabs, and logs out of all of them', { buffered: true }, async t => {
  const daemon = await startWith(t, 'login')
  await putPassword(daemon, secret)
  const { page } = await openPhone(t, browser, `${daemon.page}#cost`, small)
  const other = await page.context().newPage()
  await other.goto(`${daemon.page}#device`)
  for (const one of [page, other]) await one.locator('dialog.sign-in').waitFor()
  await page.getByText('Stay logged in on this device').click()
  await say(page, 'Log in', secret)
  for (const one of [page, other]) {
    await one.locator('dialog.sign-in').waitFor({ state: 'detached' })
    await one.waitForSelector('body[data-phase=live]')
    t.equal(await one.evaluate('document.activeElement.id'), 'view', 'keys go on where one wanted to be')
  }
  await other.getByRole('button', { name: 'Log out' }).click()
  for (const one of [page, other]) await one.locator('dialog.sign-in').waitFor()
  t.notMatch(await page.evaluate('JSON.stringify(localStorage)'), /small|watts/, 'and nothing is left of it')
})
