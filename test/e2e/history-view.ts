/** The History view on a phone: fingers, keys and buttons, days of 25 hours, what is not known, and a daemon that goes away. */
import type { BrowserContextOptions } from 'playwright-core'
import t from 'tap'
import { violationsOf } from '../fixtures/e2e/axe.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { Fingers } from '../fixtures/e2e/fingers.ts'
import { type Phone, startBrowser, takePhone } from '../fixtures/e2e/phone.ts'
import { until } from '../fixtures/e2e/wait.ts'
import { HistoryHouse } from '../fixtures/page/history-house.ts'

type Test = Parameters<typeof startDaemon>[0]

const browser = await startBrowser(t)
const daemon = await startDaemon(t, { source: 'demo' })
/** A Sunday afternoon. */
const nowMs = Date.UTC(2026, 10, 22, 15, 37)
const house = new HistoryHouse({ nowMs, days: 400, pricePerKWh: 0.2842 })

const isFineAsked = /step=10s/

interface Seat {
  readonly phone: Phone
  readonly fingers: Fingers
  /** The period's name and date. */
  head(): Promise<string>
  untilHead(wanted: string | RegExp): Promise<void>
  untilKnown(): Promise<void>
  /** Lets the daemon answer, or not. */
  answers: boolean
}

/** Opens the view with the page's clock and the answers of a house that has a past. */
async function sit(t: Test, options: BrowserContextOptions = {}, past = house): Promise<Seat> {
  const phone = await takePhone(t, browser, { viewport: { width: 360, height: 640 }, colorScheme: 'light', ...options })
  const { page } = phone
  const seat: Seat = {
    phone,
    fingers: await Fingers.on(page),
    head: async () =>
      String(await page.locator('.history-name').textContent())
        .replaceAll(/\s+/g, ' ')
        .replace(/ ?: go to today$/, ''),
    async untilHead(wanted) {
      let last = ''
      await until(`the head to be ${wanted}`, async () => {
        last = await seat.head()
        return typeof wanted === 'string' ? last === wanted : wanted.test(last)
      }).catch(error => {
        throw new Error(`${(error as Error).message}; it is ${last}`)
      })
    },
    async untilKnown() {
      await page.waitForSelector('[data-content="known"]')
    },
    answers: true
  }
  await page.route('**/settings.json', async route => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...((await response.json()) as object), nowMs: past.nowMs } })
  })
  await page.route('**/api/now', route => (seat.answers ? route.fulfill({ json: past.now() }) : route.abort()))
  await page.route('**/api/history?*', route => {
    const answer = past.answer(new URL(route.request().url()))
    return seat.answers ? route.fulfill(answer ? { json: answer } : { status: 404, json: { error: 'sensor: never heard' } }) : route.abort()
  })
  await page.goto(`${daemon.page}#history`)
  await seat.untilKnown()
  return seat
}

t.test('one leafs by finger, and the page still scrolls under it', async t => {
  const { phone, fingers, untilHead, head } = await sit(t)
  await untilHead('Today 22 November 2026')
  await fingers.swipe(80, 300)
  await untilHead('Yesterday 21 November 2026')
  await fingers.swipe(300, 80)
  await untilHead('Today 22 November 2026')
  await fingers.swipe(300, 80)
  t.equal(await head(), 'Today 22 November 2026', 'there is no tomorrow')
  await fingers.swipe(180, 190, 160)
  await until('the page to move, up and down', async () => ((await phone.page.evaluate('scrollY')) as number) > 100)
  t.equal(await head(), 'Today 22 November 2026', 'and nothing else')
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('two fingers look closer and from further away', async t => {
  const { phone, fingers, untilHead, head } = await sit(t)
  await fingers.pinch(40, 300)
  await untilHead(/^Today 22 Nov, \d+:\d\d–\d+:\d\d$/)
  await fingers.pinch(60, 300)
  await until('steps of 10 s to be asked for', async () => phone.requests.some(address => address.includes('step=10s')))
  await until('two taps to show the whole day again', async () => {
    await fingers.doubleTap(180)
    await phone.page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
    return (await head()) === 'Today 22 November 2026'
  })
  for (const name of [/^This week /, /^This month /, /^This year /]) {
    await fingers.pinch(300, 100)
    await untilHead(name)
  }
  await fingers.pinch(100, 300, 140)
  await untilHead(/^(March|April) /)
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('a finger that is held tells values, and a column opens', async t => {
  const { phone, fingers, untilHead, untilKnown } = await sit(t)
  const tip = phone.page.locator('.history-tip')
  await fingers.hold(150, 200)
  t.match(await tip.textContent(), /^\S+\sk?W\d+:\d\d–\d+:\d\d−?£\d/, 'power, time and cost')
  await phone.page.getByRole('button', { name: 'Week', exact: true }).tap()
  await untilHead(/^This week /)
  await untilKnown()
  await fingers.hold(70, 75)
  t.match(await tip.textContent(), /^\S+\skWhMon,? 16 Nov£/, 'energy, day and cost')
  await tip.tap()
  await untilHead('Monday 16 November 2026')
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('all of it without gestures', async t => {
  const { phone, untilHead, untilKnown, head } = await sit(t, { viewport: { width: 1280, height: 800 }, hasTouch: false })
  const { page } = phone
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  await press('Month')
  await untilHead('This month November 2026')
  await press('Earlier')
  await untilHead('October October 2026')
  await page.keyboard.press('ArrowLeft')
  await untilHead('September September 2026')
  await page.keyboard.press('ArrowRight')
  await untilHead('October October 2026')
  await page.locator('.history-name').click()
  await untilHead('This month November 2026')
  await press('Day')
  await untilHead('Today 22 November 2026')
  await page.keyboard.press('+')
  await untilHead(/^Today 22 Nov, /)
  const close = await head()
  await press('Earlier')
  await until('one to go on by what one sees', async () => (await head()) !== close)
  await page.keyboard.press('0')
  await untilHead('Today 22 November 2026')
  await page.keyboard.press('Shift+ArrowLeft')
  t.match(await page.locator('.history [role=status]').textContent(), /^\d+:\d\d–\d+:\d\d, \S+\sk?W/, 'a value is read out')
  await press('Further away')
  await untilHead(/^This week /)
  await untilKnown()
  await press('As table')
  t.equal(await page.locator('.history-table tbody tr').count(), 7, 'a week as a table')
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('what is said of a running month', async t => {
  const { phone, untilHead } = await sit(t)
  await phone.page.getByRole('button', { name: 'Month', exact: true }).tap()
  await untilHead('This month November 2026')
  const text = async (what: string) => String(await phone.page.locator(what).textContent()).replaceAll(/\s/g, ' ')
  await until('the comparison', async () =>
    /^\d+% (more|less) than last month, each to day 22, 15:00$/.test(await text('.history-compared'))
  )
  t.match(await text('.history-total'), /^Used\S+kWhCost£\d+\.\d\dwithout standing charge$/)
  t.match(await text('.history-knowledge'), /comes from the meter’s own memory.* is not known/)
  t.match(await text('.history-legend'), /Used.*Exported.*From the meter’s memory.*Not known/)
  t.match(await phone.page.locator('.history-plot canvas').getAttribute('aria-label'), /This month, November 2026\. Used \S+ kWh/)
  const csv = await phone.page.locator('.history-csv').getAttribute('href')
  t.equal(csv, `api/history.csv?sensor=0&from=${Date.UTC(2026, 10, 1)}&to=${Date.UTC(2026, 11, 1)}&step=1h&cost=1`)
})

t.test('hurried keys do not lead beyond today', async t => {
  const { phone, untilHead, head } = await sit(t, { viewport: { width: 1280, height: 800 }, hasTouch: false })
  await phone.page.keyboard.press('ArrowLeft')
  await untilHead('Yesterday 21 November 2026')
  for (let count = 0; count < 3; count += 1) await phone.page.keyboard.press('ArrowRight')
  await untilHead('Today 22 November 2026')
  await phone.page.waitForTimeout(600) // whatever slides has slid
  t.equal(await head(), 'Today 22 November 2026', 'there is no tomorrow')
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('looked at closely, another sensor shows its own values and not those of the one before', async t => {
  const { phone, untilHead } = await sit(t, { viewport: { width: 1280, height: 800 }, hasTouch: false })
  const { page } = phone
  // Within one frame: each counts, though nothing is painted between them.
  await page.evaluate(
    "for (let count = 0; count < 5; count++) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }))"
  )
  await untilHead(/^Today 22 Nov, /)
  const readOut = async () => {
    await page.keyboard.press('Shift+ArrowLeft')
    return String(await page.locator('.history [role=status]').textContent())
  }
  await until('steps of 10 s', async () => /^\d+:\d\d:\d\d, /.test(await readOut()))
  await page.route(isFineAsked, () => {}) // they do not come
  await page.getByRole('button', { name: 'Sensor 1', exact: true }).click()
  await until('them to be asked for', () => phone.requests.some(address => isFineAsked.test(address) && address.includes('sensor=1')))
  t.match(await readOut(), /^\d+:\d\d–\d+:\d\d, /, 'the minutes of its own')
})

t.test('while nothing is known yet, it is not said that there is nothing', async t => {
  const phone = await takePhone(t, browser, { viewport: { width: 360, height: 640 } })
  const { page } = phone
  await page.route('**/api/now', () => {}) // it takes its time
  await page.goto(`${daemon.page}#history`)
  await page.locator('.history').waitFor()
  await page.setViewportSize({ width: 640, height: 360 })
  await page.waitForTimeout(500)
  t.equal(await page.locator('.history-notice').textContent(), '')
})

t.test('what was fed in is called so', async t => {
  const { phone } = await sit(t)
  await phone.page.getByRole('button', { name: 'Sensor 1' }).tap()
  await phone.page.locator('.history-total > .history-unit', { hasText: 'Exported' }).waitFor()
  t.match(await phone.page.locator('.history-total').textContent(), /^Exported\d/)
})

t.test('a day of 25 hours, in the daemon’s zone and not in the phone’s', async t => {
  const past = new HistoryHouse({ nowMs: Date.UTC(2026, 9, 26, 12), days: 20, zone: 'Europe/Berlin' })
  const { phone, fingers, untilHead } = await sit(t, { timezoneId: 'Pacific/Auckland' }, past)
  await untilHead('Today 26 October 2026')
  await fingers.swipe(80, 300)
  await untilHead('Yesterday 25 October 2026')
  await until('a day of 25 hours to be asked for', () => {
    const asked = phone.requests.map(address => new URL(address).searchParams).filter(query => query.get('step') === '1m')
    return asked.some(query => Number(query.get('to')) - Number(query.get('from')) === 25 * 3_600_000)
  })
  t.pass('as long as it was')
})

t.test('a daemon that goes away leaves what was known, marked as old', async t => {
  const seat = await sit(t)
  const { phone, untilHead } = seat
  const { page } = phone
  const told = async () =>
    (await page.locator('.history-compared, .history-figures, .history-knowledge, .history-legend').allTextContents()).join('\n')
  await until('the comparison', async () => (await page.locator('.history-compared').textContent()) !== '')
  const before = await told()
  await page.clock.install()
  seat.answers = false
  await page.clock.fastForward(3 * 3_600_000)
  await page.locator('.history-old').waitFor()
  t.equal(await told(), before, 'what was not asked for is not called unknown')
  t.match(await page.locator('.history-old').textContent(), /^As it was at 15:3\d/)
  t.match(await page.locator('.history-amount').textContent(), /^\d/, 'the numbers stay')
  await page.getByRole('button', { name: 'Week', exact: true }).tap()
  await untilHead(/^This week /)
  await page.locator('.history-notice h2', { hasText: 'can’t be shown' }).waitFor()
  seat.answers = true
  await page.clock.runFor(15_000)
  await seat.untilKnown()
  t.pass('and it is back by itself')
})

t.test('a day that has only begun lacks nothing', async t => {
  const { phone, untilHead } = await sit(t, {}, new HistoryHouse({ nowMs: Date.UTC(2026, 10, 23, 0, 0, 20), days: 20 }))
  await untilHead('Today 23 November 2026')
  t.equal(await phone.page.locator('.history-notice').textContent(), '')
})

t.test('a sensor that was never heard has no history yet', async t => {
  const phone = await takePhone(t, browser)
  await phone.page.route('**/api/history?*', route =>
    route.fulfill({ status: 404, json: { error: 'sensor: never heard', field: 'sensor' } })
  )
  await phone.page.goto(`${daemon.page}#history`)
  await phone.page.locator('.history-notice h2', { hasText: 'No history yet' }).waitFor()
  t.pass('it says when there will be one')
})

t.test('the daemon’s own answers', async t => {
  const phone = await takePhone(t, browser)
  await phone.page.goto(`${daemon.page}#history`)
  await phone.page.waitForSelector('[data-content="known"]')
  for (const unit of ['Week', 'Month', 'Year', 'Day']) {
    await phone.page.getByRole('button', { name: unit, exact: true }).tap()
    await phone.page.waitForSelector('[data-content="known"]')
    await phone.screenshot(`history-daemon-${unit.toLowerCase()}`)
  }
  t.strictSame(phone.errors, [], 'no error in the console')
})

const screens = [
  { width: 360, height: 640 },
  { width: 390, height: 844 },
  { width: 1280, height: 800 }
] as const

for (const viewport of screens) {
  t.test(`everybody can use it, and nothing is wider than ${viewport.width}×${viewport.height}`, async t => {
    const { phone, untilHead } = await sit(t, { viewport })
    const { page } = phone
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const [unit, head] of [
        ['Year', /^This year/],
        ['Month', /^This month/],
        ['Week', /^This week/],
        ['Day', /^Today/]
      ] as const) {
        await page.getByRole('button', { name: unit, exact: true }).click()
        await untilHead(head)
        await page.waitForSelector('[data-content="known"]')
        await page.waitForTimeout(300) // the chart slides in
        const sideways = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
        t.equal(sideways, 0, `${unit}, ${colorScheme}: no scrolling sideways`)
        t.strictSame(await violationsOf(page), [], `${unit}, ${colorScheme}: axe finds nothing`)
        await phone.screenshot(`history-${unit.toLowerCase()}-${colorScheme}-${viewport.width}x${viewport.height}`)
      }
    }
  })
}
