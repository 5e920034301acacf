/** The Cost view in a browser, with the daemon's own reckoning behind it. */
import type { Page } from 'playwright-core'
import t from 'tap'
import { always, band, changed, tariffOf } from '../../fixtures/cost/tariffs.ts'
import { violationsOf } from '../../fixtures/e2e/axe.ts'
import { openPhone, type Phone, startBrowser } from '../../fixtures/e2e/phone.ts'
import { until } from '../../fixtures/e2e/wait.ts'
import { type CostHouse, type CostHouseOptions, startCostHouse } from '../../fixtures/page/cost-house.ts'

type Test = Parameters<typeof openPhone>[0]
const browser = await startBrowser(t)
t.jobs = 2

/** It is a Wednesday, 17:20 in London. */
const nowMs = Date.parse('2026-11-18T17:20Z')
const hourMs = 3_600_000
const tariff = tariffOf(
  changed(
    '2026-01-01',
    [band('Night', '0.085', '00:30', '05:30'), band('Peak', '0.4', '16:00', '19:00', [1, 2, 3, 4, 5]), always('Day', '0.25')],
    { standingPerDay: '0.5', vatPercent: '5', exportPerKWh: '0.15' }
  )
)
/** Sun from 10 to 14, and three hours of yesterday of which nothing is known. */
const sunny = (atMs: number): number | null => {
  if (atMs >= nowMs - 30 * hourMs && atMs < nowMs - 27 * hourMs) return null
  const hour = new Date(atMs).getUTCHours()
  return hour >= 10 && hour < 14 ? -1_000 : 1_000
}

async function setUp(
  t: Test,
  options: Partial<CostHouseOptions>,
  screen: Parameters<typeof openPhone>[3] = {}
): Promise<{ house: CostHouse; phone: Phone; page: Page }> {
  const house = await startCostHouse(t, { nowMs, load: sunny, ...options })
  const phone = await openPhone(t, browser, `${house.address}#cost`, { viewport: { width: 360, height: 640 }, ...screen })
  return { house, phone, page: phone.page }
}

/** What axe finds, and whether anything is wider than the screen or too small for a thumb. */
async function judge(t: Test, { page, errors }: Phone): Promise<void> {
  t.strictSame(await violationsOf(page), [], 'axe finds nothing')
  t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is wider than the screen')
  const small = await page.evaluate(`[...document.querySelectorAll('main button, dialog button, dialog input, main input, summary, select')]
    .filter(each => each.checkVisibility()).map(each => [each.textContent, each.getBoundingClientRect().height]).filter(([, height]) => height < 43.9)`)
  t.strictSame(small, [], 'thumbs reach all')
  t.strictSame(errors, [])
}

const text = (page: Page, selector: string): Promise<string> =>
  page
    .locator(selector)
    .first()
    .evaluate((each: { readonly innerText: string }) => each.innerText)
    .then(found => found.replaceAll(/[\u00a0\u202f\s]+/g, ' '))

t.test('bills on a phone', { buffered: true }, async t => {
  const { house, phone, page } = await setUp(t, { tariff })
  house.say(2_000)
  await until(
    'the price of this hour',
    async () => (await page.locator('.tile').count()) === 4 && /£0\.84/.test(await text(page, '.cost-now'))
  )
  t.equal(await text(page, '.cost-now'), 'Costs now £0.84 an hour Peak, £0.42 a kWh until 19:00')
  // 5 h × 0.085 + 1⅓ h × 0.4 + 7 h × 0.25 = 2.708; + 0.5; + 5 %; − 4 × 0.15
  // Yesterday: 5 h × 0.085 + 3 h × 0.4 + 11.5 h × 0.25 = 4.5; + 0.5; + 5 %; − 1.5 × 0.15
  t.equal(await text(page, '.tile[aria-pressed=true]'), 'Today £2.77 Yesterday £5.03')
  t.match(
    await text(page, '.bill'),
    /Night 5\.00 kWh at £0\.085 £0\.43 .*Standing charge £0\.50 VAT £0\.16 Fed in, 4\.00 kWh −£0\.60 Total £2\.77/
  )
  t.notMatch(await text(page, '.bill'), /Nothing is known/)
  t.match(await text(page, '.forecast'), /All of November About £\d+ Likely between £\d+ and £\d+ Judged by \d+ days/)
  await phone.screenshot('cost-phone')
  await judge(t, phone)

  await page.getByRole('button', { name: 'Yesterday', exact: true }).click()
  t.match(await text(page, '.bill'), /^Yesterday .* Nothing is known of 3 h:/)
  await page.locator('.tile', { hasText: 'This week' }).click()
  t.match(await text(page, '.bill'), /^This week so far /)
  house.say(-2_000)
  await until('the sun to shine', async () => /Earns now £0\.30 an hour £0\.15 a kWh/.test(await text(page, '.cost-now')))
})

t.test('when the daemon goes, nothing passes for the present', { buffered: true }, async t => {
  const { house, phone, page } = await setUp(t, { tariff })
  house.say(2_000)
  await until('the bills', async () => (await page.locator('.tile').count()) === 4)
  house.die()
  await until('no cost of this hour', async () => /^Costs now – Nothing new/.test(await text(page, '.cost-now')))
  await until('the time of the bills', async () => /As it was at 17:2\d/.test(await text(page, '.cost')))
  t.match(await text(page, '.tile'), /Today/, 'bills stay')
  await phone.screenshot('cost-offline')
})

t.test('when a proxy says that the daemon is gone, what is shown stays', { buffered: true }, async t => {
  const { page } = await setUp(t, { tariff, nowMs: Date.parse('2026-11-18T18:59:50Z') }) // new ones are asked for at 19:00
  await page.locator('.tile').first().waitFor()
  await page.route('**/api/cost', route => route.fulfill({ status: 502, body: 'Bad Gateway' }))
  await until('the time of the bills', async () => /As it was at 18:59/.test(await text(page, '.cost')))
  t.match(await text(page, '.tile'), /Today/, 'bills stay')
})

t.test('a phone that slept asks anew', { buffered: true }, async t => {
  const { house, page } = await setUp(t, { tariff })
  await page.locator('.tile').first().waitFor()
  const before = await text(page, '.tile')
  house.leap(12 * hourMs)
  // Its steady clock stood still meanwhile, but for some seconds.
  await page.evaluate(`{
    const [now, steadyMs] = [Date.now, performance.now() + 6_000]
    Date.now = () => now() + ${12 * hourMs}
    performance.now = () => steadyMs
  }`)
  await until('the bills of another day', async () => (await text(page, '.tile')) !== before)
  t.pass('the bills are those of another day')
})

t.test('a tariff is set, changed and removed', { buffered: true }, async t => {
  const { house, phone, page } = await setUp(t, {})
  await page.getByLabel('Price of a kWh').waitFor()
  t.equal(await page.getByLabel('Currency').inputValue(), 'GBP')
  await judge(t, phone)
  const tops = await Promise.all(
    ['Price of a kWh', 'Standing charge a day'].map(async name => (await page.getByLabel(name).boundingBox())?.y)
  )
  t.equal(tops[0], tops[1], 'fields beside one another stand at one height')
  await phone.screenshot('cost-empty')
  await page.getByRole('button', { name: 'Show what it costs' }).click()
  t.match(await text(page, 'form'), /A number such as 0\.25/)
  t.equal(await page.evaluate('document.activeElement.getAttribute("aria-invalid")'), 'true', 'it goes to what is wrong')
  await page.getByLabel('Price of a kWh').fill('24.55')
  t.match(await text(page, 'form'), /That is £24\.55 for one kWh/)
  await page.getByLabel('Price of a kWh').fill('0.2455')
  await page.getByLabel('Standing charge a day').fill('0,53')
  await page.getByLabel('VAT, per cent').fill('5')
  await page.getByRole('button', { name: 'Show what it costs' }).click()
  await page.locator('.tile').first().waitFor()
  t.match(house.tariff, {
    currency: 'GBP',
    changes: [{ from: '2026-11-18', standingPerDay: '0.53', vatPercent: '5', bands: [{ pricePerKWh: '0.2455' }] }]
  })

  await page.getByRole('button', { name: 'Tariff' }).click()
  await page.getByText('Night rates, solar, new prices').click()
  await page.getByRole('button', { name: 'Add a time' }).click()
  await page.getByRole('group', { name: 'Time 1 with another price' }).getByLabel('Price of a kWh').fill('0.09')
  await page.getByRole('button', { name: 'Sun', exact: true }).click()
  await judge(t, phone)
  await phone.screenshot('cost-form', false)
  house.refusal = { status: 400, error: 'the daemon does not like it', field: 'changes[0].bands[0].name' }
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('the daemon does not like it').waitFor()
  house.refusal = { status: 503, error: 'not now' }
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('not now').waitFor()
  t.equal(await page.evaluate('document.activeElement.textContent'), 'Save', 'the focus stays where it was')
  house.refusal = undefined
  await page.getByRole('group', { name: 'Time 1' }).getByLabel('From').press('Delete')
  await page.getByRole('group', { name: 'Time 1' }).getByLabel('To').press('Delete')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Both times, or neither').waitFor()
  await page.getByRole('group', { name: 'Time 1' }).getByLabel('From').fill('23:00')
  await page.getByRole('group', { name: 'Time 1' }).getByLabel('To').fill('06:00')
  await page.mouse.click(180, 10)
  t.equal(await page.locator('dialog').count(), 1, 'what was filled in is not lost by a touch beside it')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('dialog').waitFor({ state: 'detached' })
  t.match(house.tariff?.changes[0]?.bands, [
    { name: 'Night', pricePerKWh: '0.09', start: '23:00', end: '06:00', days: [1, 2, 3, 4, 5, 6] },
    {}
  ])

  await page.getByRole('button', { name: 'Tariff' }).click()
  await page.getByRole('button', { name: 'Add new prices from a date' }).click()
  await page.getByLabel('These hold from').fill('2027-04-01')
  await page.getByLabel('Price otherwise').fill('cheap')
  await page.locator('dialog select').first().selectOption('0')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('A number such as 0.25').waitFor()
  t.equal(await page.getByLabel('Price otherwise').inputValue(), 'cheap', 'it shows the prices of which something is wrong')
  await page.getByLabel('Price otherwise').fill('0.26')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('dialog').waitFor({ state: 'detached' })
  t.match(house.tariff?.changes, [{ from: '2026-11-18' }, { from: '2027-04-01', bands: [{}, { pricePerKWh: '0.26' }] }])
  await page.getByRole('button', { name: 'Tariff' }).click()
  await page.getByRole('button', { name: 'Add a time' }).click()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  t.equal(await page.evaluate('document.activeElement.textContent'), 'Add a time', 'the focus does not go with what is removed')
  await page.getByRole('button', { name: 'Remove the tariff' }).dblclick()
  await page.getByRole('button', { name: 'Really remove?' }).click()
  await page.getByRole('button', { name: 'Show what it costs' }).waitFor()
  t.equal(house.tariff, undefined)
})

t.test('who removes the tariff is told that there is another one in the settings file', { buffered: true }, async t => {
  const { phone, page } = await setUp(t, { tariff, inFile: tariffOf(changed('2026-01-01', [always('Plain', '0.3')])) })
  await page.getByRole('button', { name: 'Tariff' }).click()
  await page.getByRole('button', { name: 'Remove the tariff' }).click()
  await page.getByRole('button', { name: 'Really remove?' }).click()
  await page.getByText('The tariff in the settings file holds now.').waitFor()
  t.match(await page.evaluate('document.activeElement.textContent'), /settings file/, 'who cannot see it is told too')
  await phone.screenshot('cost-in-file')
  await judge(t, phone)
  await page.getByRole('button', { name: 'Close' }).click()
  await until('its bills', async () => /Plain/.test(await text(page, '.bill')))
})

t.test('bills that were asked for before the tariff was changed are not taken', { buffered: true }, async t => {
  const { page } = await setUp(t, { tariff, nowMs: Date.parse('2026-11-18T18:59:46Z') }) // new ones are asked for at 19:00, when the page is there
  await page.locator('.tile').first().waitFor()
  let letGo = (): void => {}
  const held = new Promise<void>(resolve => {
    letGo = resolve
  })
  let asked = 0
  await page.route('**/api/cost', async route => {
    const isFirst = ++asked === 1
    const response = await route.fetch()
    if (isFirst) await held
    await route.fulfill({ response })
  })
  await until('new bills to be asked for', async () => asked === 1)
  await page.getByRole('button', { name: 'Tariff' }).click()
  await page.getByRole('button', { name: 'Remove the tariff' }).click()
  await page.getByRole('button', { name: 'Really remove?' }).click()
  await page.getByRole('button', { name: 'Show what it costs' }).waitFor()
  const late = page.waitForResponse('**/api/cost')
  letGo()
  await (await late).finished()
  await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
  t.equal(await page.locator('.tile').count(), 0, 'the bills of the tariff that was stay away')
})

t.test('a currency that the browser does not know stays the one that is set', { buffered: true }, async t => {
  const { page } = await setUp(t, { tariff: { ...tariff, currency: 'XBT' } })
  await page.getByRole('button', { name: 'Tariff' }).click()
  t.equal(await page.getByLabel('Currency').inputValue(), 'XBT')
})

t.test('on a desktop, in the dark, in German, with a meter that is new', { buffered: true }, async t => {
  const { house, phone, page } = await setUp(
    t,
    { tariff, sinceMs: nowMs - 30 * hourMs },
    { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', locale: 'de-DE' }
  )
  house.say(700)
  await until('the price of this hour', async () => /Kostet jetzt 0,29 £/.test(await text(page, '.cost-now')))
  t.match(await text(page, '.forecast'), /Nach drei vollen Tagen/)
  await page.locator('.tile', { hasText: 'Dieses Jahr' }).click()
  t.match(await text(page, '.bill'), /Seit dem 17\. Nov\. 2026/)
  await judge(t, phone)
  await page.getByRole('button', { name: 'Tarif', exact: true }).click()
  t.equal(await page.getByLabel('Grundpreis am Tag').inputValue(), '0,5', 'numbers have the comma that is asked for')
  await page.getByRole('button', { name: 'Schließen' }).click()
  await phone.screenshot('cost-desktop-dark')
})
