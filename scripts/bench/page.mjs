/** How fast the page is on a phone: until its first reading is painted, and what Lighthouse says of it. */
import { createServer } from 'node:net'
import { browserOptions, withDemo } from '../screenshots/demo.mjs'
import { attempt } from './measure.mjs'
import { atMost, medianOf } from './table.mjs'

/** A cheap phone's processor. */
const slowdown = 4
const paintedMs = 1_000
const scoreLeast = 95
const categories = ['performance', 'accessibility', 'best-practices']
const settleMs = 8_000

/** Writes down when the first number stands on the screen, in ms since the navigation began. */
const watchForNumber = () => {
  const look = () => {
    const number = document.querySelector('#power:not([data-empty]) #watts')?.textContent
    if (number) requestAnimationFrame(() => setTimeout(() => Object.assign(globalThis, { paintedAtMs: performance.now() })))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

export const measurePage = context =>
  withDemo(async address => {
    await new Promise(resolve => setTimeout(resolve, settleMs)) // until there is something to be seen
    const painted = await attempt('first reading', context, () => measurePaint(address, context.quick ? 2 : 7))
    const scores = await attempt('Lighthouse', context, () => measureScores(address))
    const values = value => ({ wattslug: value ?? 'no value' })
    return {
      title: `The page, on a phone ${slowdown} times as slow`,
      rows: [
        {
          name: 'until the first reading is painted, ms: median',
          values: values(painted && medianOf(painted)),
          goal: atMost(paintedMs, '1 s')
        },
        ...categories.map(name => ({ name: `Lighthouse, ${name}`, values: values(scores?.[name]), goal: atLeast(scoreLeast) }))
      ],
      notes: ['The page: loaded from nothing over the loopback; Lighthouse with its own settings for a mobile phone.']
    }
  })

const atLeast = least => ({ text: `≥ ${least}`, holds: ({ wattslug }) => wattslug >= least })

/** The packages are there by now, which they need not be when this file is loaded. */
const launch = async (more = []) => {
  const { chromium } = await import('playwright-core')
  return chromium.launch({ ...browserOptions, args: [...browserOptions.args, ...more] })
}

const measurePaint = async (address, repetitions) => {
  const browser = await launch()
  try {
    const series = []
    while (series.length < repetitions) {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, serviceWorkers: 'block' })
      const tools = await page.context().newCDPSession(page)
      await tools.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
      await page.addInitScript(watchForNumber)
      await page.goto(address)
      series.push(await page.waitForFunction(() => globalThis.paintedAtMs).then(handle => handle.jsonValue()))
      await page.context().close()
    }
    return series
  } finally {
    await browser.close()
  }
}

const measureScores = async address => {
  const { default: lighthouse } = await import('lighthouse')
  const port = await freePort()
  const browser = await launch([`--remote-debugging-port=${port}`])
  try {
    const { lhr } = await lighthouse(address, { port, output: 'json', logLevel: 'silent', onlyCategories: categories })
    return Object.fromEntries(categories.map(name => [name, Math.round(lhr.categories[name].score * 100)]))
  } finally {
    await browser.close()
  }
}

const freePort = () =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
