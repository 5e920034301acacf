/** Photographs the page for the README: the built daemon with its demonstration meter, on a phone's screen, light and dark. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import { failure, main, root, say } from './command.mjs'

const daemon = join(root, 'dist/wattslug.cjs')
const folder = join(root, 'scripts/screenshots')
const schemes = ['light', 'dark']
const viewport = { width: 390, height: 844 }
/** So long until there is a trace to see. */
const traceMs = Number(process.env.TRACE_SECONDS ?? 40) * 1_000
const startMs = 20_000
const pictureBytesMax = 150_000

const browserOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'].concat(
    '--disable-component-update',
    '--disable-sync'
  )
}

/** Starts the daemon on free ports; answers the process and its page's address, which its log tells. */
const startDaemon = state =>
  new Promise((resolve, reject) => {
    const options = { source: 'demo', host: '127.0.0.1', 'http-port': '0', 'mqtt-port': '0', state }
    const child = spawn(process.execPath, [daemon, 'run', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])])
    const timer = setTimeout(() => child.kill(), startMs)
    let log = ''
    const take = chunk => {
      log += chunk
      const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(log) ?? []
      if (!address) return
      clearTimeout(timer)
      child.stdout.off('data', take).resume()
      child.stderr.off('data', take).resume()
      resolve({ child, address })
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', reject)
    child.on('exit', code => reject(failure(`the daemon named no page (exit code ${code}):\n${log}`)))
  })

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
    const path = join(folder, `now-${schemes[index]}.png`)
    await page.bringToFront()
    await page.waitForSelector('[data-phase="live"]')
    const picture = packed(await page.screenshot())
    say(`${relative(root, path)} has ${picture.length} bytes`)
    if (picture.length > pictureBytesMax) throw failure(`${relative(root, path)} is too large: at most ${pictureBytesMax} bytes`)
    writeFileSync(path, picture)
  }
}

/** The same PNG, its pixels compressed as well as zlib can: the browser is in a hurry. */
const packed = png => {
  const chunks = chunksOf(png)
  const first = chunks.findIndex(({ type }) => type === 'IDAT')
  const pixels = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body))
  const others = chunks.filter(({ type }) => type !== 'IDAT')
  others.splice(first, 0, { type: 'IDAT', body: deflateSync(inflateSync(pixels), { level: 9, memLevel: 9 }) })
  return Buffer.concat([png.subarray(0, signatureBytes), ...others.map(chunk)])
}

/** A PNG is a signature and then chunks: length (4 bytes), type (4), body, checksum of type and body (4). */
const signatureBytes = 8
const chunksOf = png => {
  const chunks = []
  for (let at = signatureBytes; at < png.length; at += 12 + png.readUInt32BE(at)) {
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), body: png.subarray(at + 8, at + 8 + png.readUInt32BE(at)) })
  }
  return chunks
}

const chunk = ({ type, body }) => {
  const bytes = Buffer.alloc(12 + body.length)
  bytes.writeUInt32BE(body.length)
  bytes.write(type, 4, 'latin1')
  body.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + body.length)), 8 + body.length)
  return bytes
}

await main(async () => {
  if (!existsSync(daemon)) throw failure('there is no dist/wattslug.cjs yet: run npm run build first')
  const state = mkdtempSync(join(tmpdir(), 'wattslug-screenshots-'))
  const { child, address } = await startDaemon(state)
  const left = new Promise(resolve => child.once('exit', resolve))
  try {
    const browser = await chromium.launch(browserOptions)
    try {
      await photograph(browser, address)
    } finally {
      await browser.close()
    }
  } finally {
    child.kill()
    await left
    rmSync(state, { recursive: true, force: true })
  }
})
