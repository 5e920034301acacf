/** Photographs the page for the README: the built daemon with its demonstration meter, each view on a phone's screen, light and dark. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { chromium } from 'playwright-core'
import { failure, main, root, say } from './command.mjs'
import { browserOptions, withDemo } from './screenshots/demo.mjs'
import { livePast } from './screenshots/past.mjs'
import { packed } from './screenshots/png.mjs'

const folder = join(root, 'scripts/screenshots')
const schemes = ['light', 'dark']
const views = ['now', 'history', 'cost', 'console', 'device']
const viewport = { width: 390, height: 844 }
/** So long until there is a trace to see. */
const traceMs = Number(process.env.TRACE_SECONDS ?? 150) * 1_000
/** With three whole days the page tells what is usual. */
const pastDays = 4
/** So long until a view has what it shows. */
const settleMs = 2_500
const pictureBytesMax = 200_000

const photograph = async (browser, address) => {
  const pages = await Promise.all(
    schemes.map(colorScheme =>
      browser.newPage({ viewport, deviceScaleFactor: 2, colorScheme, locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce' })
    )
  )
  await Promise.all(pages.map(page => page.goto(address)))
  await Promise.all(pages.map(page => page.waitForSelector('[data-phase="live"]')))
  say(`the page is live; a trace takes ${traceMs / 1_000} s`)
  await pages[0].waitForTimeout(traceMs)
  mkdirSync(folder, { recursive: true })
  for (const [index, page] of pages.entries()) {
    await page.bringToFront()
    for (const view of views) {
      await page.click(`#tab-${view}`)
      await page.waitForTimeout(settleMs)
      await page.waitForSelector('[data-phase="live"]')
      write(join(folder, `${view}-${schemes[index]}.png`), packed(await page.screenshot()))
    }
  }
}

const write = (path, picture) => {
  say(`${relative(root, path)} has ${picture.length} bytes`)
  if (picture.length > pictureBytesMax) throw failure(`${relative(root, path)} is too large: at most ${pictureBytesMax} bytes`)
  writeFileSync(path, picture)
}

await main(() =>
  withDemo(
    async address => {
      const browser = await chromium.launch(browserOptions)
      try {
        await photograph(browser, address)
      } finally {
        await browser.close()
      }
    },
    state => livePast(state, pastDays)
  )
)
