/** Every view on every screen, by day and by night: nothing overflows, nothing is out of reach, nothing is said in the console. */
import t from 'tap'
import { violationsOf } from '../fixtures/e2e/axe.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { openPhone, type Phone, startBrowser, takePhone } from '../fixtures/e2e/phone.ts'
import { until } from '../fixtures/e2e/wait.ts'

type Test = Parameters<typeof startDaemon>[0]

const views = ['now', 'history', 'cost', 'console', 'device'] as const
const screens = [
  { width: 360, height: 640, phone: true },
  { width: 390, height: 844, phone: true },
  { width: 430, height: 932, phone: true },
  { width: 1280, height: 800, phone: false }
] as const
const schemes = ['light', 'dark'] as const
/** Until a view has asked for what it shows, and painted it. */
const settleMs = 1_000
/** As slow as a cheap phone. */
const slowdown = 4

const browser = await startBrowser(t)
t.jobs = 3

/** The names of what stands out over the edge of the screen, and is not in a box of its own that scrolls. */
const sticksOut = `[...document.querySelectorAll('body *')]
  .filter(element => element.checkVisibility() && !element.closest('.spoken, canvas, svg, .scrolling, .sprite'))
  .filter(element => {
    const { left, right } = element.getBoundingClientRect()
    const scrolls = parent => parent && (/auto|scroll|hidden|clip/.test(getComputedStyle(parent).overflowX) || scrolls(parent.parentElement))
    return (left < -1 || right > document.documentElement.clientWidth + 1) && !scrolls(element.parentElement)
  })
  .map(element => element.id || element.className || element.tagName)`

/** What is to be touched, but smaller than a thumb; links in a line of text are as large as that. */
const small = `[...document.querySelectorAll('main :is(button, select, input, textarea, summary), dialog :is(button, select, input), nav a')]
  .filter(element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('.spoken, [inert]'))
  .map(element => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }))
  .filter(({ box }) => box.width > 1 && (box.height < 43.5 || box.width < 43.5))
  .map(({ element, box }) => (element.id || element.className || element.textContent || element.tagName) + ' ' + Math.round(box.width) + '×' + Math.round(box.height))`

/** A phone and how fast it is: looking at what it shows need not take as long as showing it. */
interface Opened {
  readonly phone: Phone
  readonly setSlowdown: (rate: number) => Promise<unknown>
}

async function openSlowly(t: Test, screen: (typeof screens)[number]): Promise<Opened> {
  const { width, height, phone: isPhone } = screen
  const phone = await takePhone(t, browser, {
    ...{ viewport: { width, height }, deviceScaleFactor: isPhone ? 2 : 1, colorScheme: 'light', reducedMotion: 'reduce' },
    ...{ hasTouch: isPhone, isMobile: isPhone }
  })
  const tools = await phone.page.context().newCDPSession(phone.page)
  const setSlowdown = (rate: number) => tools.send('Emulation.setCPUThrottlingRate', { rate: isPhone ? rate : 1 })
  await setSlowdown(slowdown)
  await phone.page.goto(daemon.page)
  await phone.until('live', ({ phase, watts }) => phase === 'live' && watts !== '')
  return { phone, setSlowdown }
}

/** By touch or click, as its user would. */
async function goTo(phone: Phone, view: string, byTouch: boolean): Promise<void> {
  const tab = phone.page.locator(`#tab-${view}`)
  await (byTouch ? tab.tap() : tab.click())
  await until(`the view ${view}`, () =>
    phone.page.evaluate(`document.body.dataset.view === '${view}' && document.querySelector('main > :not(.loading)') !== null`)
  )
  await phone.page.waitForTimeout(settleMs)
}

const daemon = await startDaemon(t, { source: 'demo' })

for (const screen of screens) {
  const where = `${screen.width}×${screen.height}`
  t.test(where, { buffered: true }, async t => {
    const { phone, setSlowdown } = await openSlowly(t, screen)
    for (const view of views) {
      await setSlowdown(slowdown)
      await phone.page.emulateMedia({ colorScheme: 'light' })
      await goTo(phone, view, screen.phone)
      await setSlowdown(1)
      t.equal(await phone.page.locator(`#tab-${view}`).getAttribute('aria-current'), 'page', `${view}: its tab is marked`)
      t.equal(await phone.page.locator('main h1').count(), 1, `${view}: one heading says what it is`)
      await looksWell(t, phone, view, screen)
      for (const scheme of schemes) {
        await phone.page.emulateMedia({ colorScheme: scheme })
        await phone.page.waitForTimeout(scheme === 'dark' ? settleMs : 0)
        t.strictSame(await violationsOf(phone.page), [], `${view}, ${scheme}: axe-core finds nothing`)
        await phone.screenshot(`views/${view}-${screen.width}x${screen.height}-${scheme}`, false)
      }
    }
    t.strictSame(phone.errors, [], 'no error in the console, and so nothing against the content security policy')
  })
}

async function looksWell(t: Test, phone: Phone, what: string, { phone: isPhone }: (typeof screens)[number]): Promise<void> {
  const sideways = await phone.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  t.equal(sideways, 0, `${what}: it does not scroll sideways`)
  t.strictSame(await phone.page.evaluate(sticksOut), [], `${what}: nothing sticks out`)
  if (isPhone) t.strictSame(await phone.page.evaluate(small), [], `${what}: a thumb meets all that is to be touched`)
}

t.test('the sheet of the alerts', { buffered: true }, async t => {
  const { phone } = await openSlowly(t, screens[0])
  await goTo(phone, 'device', true)
  await phone.page.getByRole('button', { name: 'Alerts' }).tap()
  await phone.page.locator('dialog').waitFor()
  for (const one of await phone.page.locator('dialog [role=switch]').all()) await one.tap()
  await looksWell(t, phone, 'alerts', screens[0])
  t.strictSame(await violationsOf(phone.page), [], 'axe-core finds nothing')
  await phone.screenshot('views/alerts', false)
  await phone.page.getByRole('button', { name: 'Save' }).tap()
  await phone.page.locator('dialog .notice').waitFor() // this browser allows none, and the page says so
  await phone.page.getByRole('button', { name: 'Save' }).tap()
  await phone.page.locator('dialog').waitFor({ state: 'detached' })
  const kept = JSON.parse((await phone.page.evaluate("localStorage.getItem('wattslug.alerts')")) as string) as readonly { kind: string }[]
  t.strictSame(
    kept.map(({ kind }) => kind),
    ['usage', 'silent', 'idle'],
    'the rules are kept in this browser'
  )
  const [, , idle] = kept
  await phone.page.evaluate(`localStorage.setItem('wattslug.alerts', '${JSON.stringify([{ ...idle, sensor: 'meter2/7' }])}')`)
  await phone.page.getByRole('button', { name: 'Alerts' }).tap()
  await phone.page.locator('dialog option', { hasText: 'Sensor 7 (meter 2)' }).waitFor({ state: 'attached' })
  await phone.page.getByRole('button', { name: 'Save' }).tap()
  await phone.page.locator('dialog').waitFor({ state: 'detached' })
  t.match(
    await phone.page.evaluate("localStorage.getItem('wattslug.alerts')"),
    '"meter2/7"',
    'a sensor that is not heard yet goes on being watched'
  )
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('the tabs go by keyboard, and back and forth', { buffered: true }, async t => {
  const { phone } = await openSlowly(t, screens[3])
  const view = () => phone.page.evaluate('document.body.dataset.view')
  await phone.page.locator('#tab-now').focus()
  await phone.page.keyboard.press('Tab')
  await phone.page.keyboard.press('Enter')
  await until('the history', async () => (await view()) === 'history')
  t.equal(await phone.page.evaluate('document.activeElement.id'), 'view', 'the focus goes where the view is')
  await phone.page.goBack()
  await until('now again', async () => (await view()) === 'now')
  await phone.page.goForward()
  await until('the history again', async () => (await view()) === 'history')
  await phone.page.goto(`${daemon.page}#device`)
  await until('the device', async () => (await view()) === 'device')
  t.match(await phone.page.title(), /^Device/)
  t.strictSame(phone.errors, [], 'no error in the console')
})

t.test('each view stays where it was scrolled to, once it is filled again', { buffered: true }, async t => {
  const { phone, setSlowdown } = await openSlowly(t, screens[0])
  await setSlowdown(1) // what comes too late moves nothing
  const scroll = (script: string) => phone.page.evaluate(`${script}, [scrollY, document.documentElement.scrollHeight - innerHeight]`)
  const tops = new Map<string, number>()
  for (const view of views) {
    await goTo(phone, view, true)
    if (view === 'device') await phone.page.locator('.device .rows button').first().waitFor()
    const [top = 0] = (await scroll('scrollTo(0, document.documentElement.scrollHeight / 3)')) as number[]
    tops.set(view, top)
  }
  t.ok((tops.get('device') ?? 0) > 500, 'the longest was scrolled by more than a screen')
  for (const [view, left] of tops) {
    await goTo(phone, view, true)
    await until(`${view} where it was left, or at its end`, async () => {
      const [top = 0, most = 0] = (await scroll('0')) as number[]
      return Math.abs(top - Math.min(left, most)) < 1
    })
  }
})

t.test('a view that is left on its way back is still left where it was', { buffered: true }, async t => {
  const { phone, setSlowdown } = await openSlowly(t, screens[0])
  await setSlowdown(1)
  const { page } = phone
  await goTo(phone, 'device', true)
  await until('the device to be long enough', async () => {
    await page.evaluate('scrollTo(0, 900)')
    return (await page.evaluate('scrollY')) === 900
  })
  await goTo(phone, 'now', true)
  const held: (() => Promise<void>)[] = []
  await page.route('**/api/**', route => void held.push(() => route.continue()))
  await goTo(phone, 'device', true)
  t.ok(((await page.evaluate('scrollY')) as number) < 900, 'what it shows has not come yet')
  await goTo(phone, 'now', true)
  await page.unroute('**/api/**')
  await Promise.allSettled(held.map(release => release()))
  await goTo(phone, 'device', true)
  await until('the device where it was left', async () => (await page.evaluate('scrollY')) === 900)
})

t.test('a view that does not come says so, and comes when it is tried again', { buffered: true }, async t => {
  const { phone } = await openSlowly(t, screens[1])
  let failing = true
  await phone.page.route('**/cost.css', route => (failing ? route.abort() : route.continue()))
  await phone.page.locator('#tab-cost').tap()
  const retry = phone.page.locator('.failed button')
  await retry.waitFor()
  await phone.screenshot('views/failed', false)
  failing = false
  await retry.tap()
  await phone.page.locator('main:not(:has(.failed)) h1').waitFor()
  t.equal(await phone.page.evaluate('document.body.dataset.view'), 'cost')
})

/** The widths at which the line below the power is higher with one age than with another. */
const leaps = (rate: string, ages: readonly string[]) => `(() => {
  const [facts, age] = [document.querySelector('.facts'), document.getElementById('age')]
  document.getElementById('rate').textContent = '${rate}'
  const heightOf = text => {
    age.textContent = text
    return facts.offsetHeight
  }
  const widths = Array.from({ length: 150 }, (_, index) => 260 + index).filter(width => {
    facts.style.width = width + 'px'
    return new Set(${JSON.stringify(ages)}.map(heightOf)).size > 1
  })
  facts.style.width = ''
  return widths
})()`

t.test('the page does not leap with the age of a reading', { buffered: true }, async t => {
  for (const [locale, rate, ages] of [
    ['en-GB', '£0.058 an hour', ['just now', '2 s ago', '19 s ago']],
    ['de-AT', '€ 0,058 je Stunde', ['gerade eben', 'vor 2 s', 'vor 19 s']]
  ] as const) {
    const phone = await openPhone(t, browser, daemon.page, { locale })
    await phone.until('live', ({ phase, temperature }) => phase === 'live' && temperature !== '')
    t.strictSame(await phone.page.evaluate(leaps(rate, ages)), [], locale)
  }
})

t.test('in German', { buffered: true }, async t => {
  const phone = await openPhone(t, browser, daemon.page, { locale: 'de-AT', viewport: { width: 360, height: 640 } })
  await phone.until('live', ({ phase, watts }) => phase === 'live' && watts !== '')
  t.equal(await phone.page.evaluate('document.documentElement.lang'), 'de')
  for (const view of views) {
    await goTo(phone, view, true)
    t.equal(await phone.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0, `${view} fits`)
    t.strictSame(await phone.page.evaluate(sticksOut), [], `${view}: nothing sticks out`)
    await phone.screenshot(`views/german-${view}`, false)
  }
  t.strictSame(phone.errors, [], 'no error in the console')
})
