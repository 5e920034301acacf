/** Pages of strangers in a browser in the house: they reach neither the broker nor the readings, by whatever name they come. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t from 'tap'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { startBrowser } from '../fixtures/e2e/phone.ts'

// As if the stranger's name server first named another machine, and then this one.
const browser = await startBrowser(t, '--host-resolver-rules=MAP evil.example 127.0.0.1')
const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'read'] })

/** Whether a script of a page can open a WebSocket. */
function opens(page: Page, url: string): Promise<boolean> {
  return page.evaluate(`new Promise(resolve => {
    const socket = new WebSocket(${JSON.stringify(url)}, 'mqtt')
    socket.onopen = () => resolve(true)
    socket.onerror = () => resolve(false)
  })`)
}

/** What a script of a page can read. */
function reads(page: Page, url: string): Promise<number | string> {
  return page.evaluate(`fetch(${JSON.stringify(url)}).then(({ status }) => status, error => error.name)`)
}

t.test('a page on another origin, and one whose name is made to lead here', async t => {
  const site = createServer((_, response) => response.end('<!doctype html><title>evil</title>'))
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => site.close())
  const page = await browser.newPage()
  await page.goto(`http://evil.example:${(site.address() as AddressInfo).port}/`)
  t.notOk(await opens(page, `ws://127.0.0.1:${daemon.httpPort}/mqtt`))
  t.equal(await reads(page, `http://127.0.0.1:${daemon.httpPort}/api/now`), 'TypeError')
  await page.goto(`http://evil.example:${daemon.httpPort}/icon.svg`)
  t.notOk(await opens(page, `ws://evil.example:${daemon.httpPort}/mqtt`))
  t.equal(await reads(page, '/api/now'), 403)
  t.equal(
    await page.evaluate(
      `fetch('/api/password', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"password":"mine"}' }).then(({ status }) => status)`
    ),
    403
  )
  await page.goto(daemon.page)
  t.ok(await opens(page, `ws://127.0.0.1:${daemon.httpPort}/mqtt`), 'our own')
  const metrics = await (await fetch(`${daemon.page}metrics`)).text()
  for (const kind of ['foreign-pages', 'foreign-names']) t.match(metrics, new RegExp(`kind="${kind}"\\} [1-9]`))
})
