/** How the page writes its numbers and draws its lines, and what it weighs. */

import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { formatsFor } from '../../src/page/format.ts'
import { languageOf } from '../../src/page/languages.ts'
import { curve, runs, scaleFor } from '../../src/page/now/curve.ts'
import type { Point } from '../../src/page/payloads.ts'
import { english } from '../../src/page/strings.ts'
import { viewNames } from '../../src/page/views.ts'

const spaced = (text: string) => text.replace('\u202f', ' ')
const british = formatsFor('en-GB', english)

t.test('power', async t => {
  const table: [number, string, string][] = [
    [0, '0', 'W'],
    [-0.4, '0', 'W'],
    [917.6, '918', 'W'],
    [-1_500, '−1500', 'W'],
    [9_999.4, '9999', 'W'],
    [9_999.6, '10.00', 'kW'],
    [12_345, '12.35', 'kW'],
    [-12_345, '−12.35', 'kW'],
    [99_994, '99.99', 'kW'],
    [123_456, '123.5', 'kW']
  ]
  for (const [watts, number, unit] of table) t.same(british.power(watts), { number, unit }, String(watts))
  t.same(formatsFor('de-DE', english).power(12_345), { number: '12,35', unit: 'kW' })
  t.same(
    [500, 1_000, 1_500, 2_250, -1_000].map(watts => spaced(british.scale(watts))),
    ['500 W', '1 kW', '1.5 kW', '2.25 kW', '−1 kW']
  )
})

t.test('counters and energy', async t => {
  const counters: [number, string][] = [
    [14.768, '14.77'],
    [89_466.1, '89466'],
    [1_234.56, '1234.6'],
    [4_294_967.295, '4294967']
  ]
  for (const [value, text] of counters) t.equal(british.units(value), text)
  const energies: [number, string][] = [
    [0, '0.00 kWh'],
    [9.994, '9.99 kWh'],
    [12.345, '12.3 kWh'],
    [-128.4, '−128 kWh']
  ]
  for (const [value, text] of energies) t.equal(spaced(british.energy(value, 'kWh')), text)
  const noon = new Date(2026, 10, 22, 12).getTime()
  t.equal(british.since(noon - 3_600_000, noon), '11:00')
  t.equal(british.since(noon - 86_400_000, noon), '21 Nov')
  t.equal(british.since(noon - 400 * 86_400_000, noon), '18 Oct 2025')
})

t.test('ages and temperature', async t => {
  const table: [number, string][] = [
    [0, 'just now'],
    [1_999, 'just now'],
    [2_000, '2 s ago'],
    [89_999, '89 s ago'],
    [90_000, '1 min ago'],
    [3_600_000, '60 min ago'],
    [7_200_000, '2 h ago'],
    [129_600_000, '1 day ago'],
    [864_000_000, '10 days ago']
  ]
  for (const [ageMs, text] of table) t.equal(british.age(ageMs), text)
  t.equal(spaced(british.temperature(21.46)), '21.5 °C')
  t.equal(spaced(british.temperature(-0.04)), '0.0 °C')
  t.equal(spaced(formatsFor('en-US', english).temperature(21.5)), '71 °F')
  t.equal(languageOf('de-AT'), 'de')
  t.equal(languageOf('xx'), undefined)
})

const series = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 120_000 }), fc.integer({ min: -20_000, max: 20_000 })), { minLength: 1, maxLength: 60 })
  .map(steps => {
    let atMs = 0
    return steps.map(([stepMs, watts]): Point => {
      atMs += stepMs
      return [atMs, watts]
    })
  })

t.test('the scale holds every point and zero, with a few round lines', async t => {
  fc.assert(
    fc.property(series, points => {
      const { least, most, stepWatts } = scaleFor(points, 3)
      const lines = Math.floor(most / stepWatts) - Math.ceil(least / stepWatts) + 1
      return points.every(([, watts]) => watts >= least && watts <= most) && least <= 0 && most >= 0 && lines >= 1 && lines <= 6
    })
  )
  t.same(scaleFor([], 3).least, 0)
})

t.test('the curve meets every point and never swings past its neighbours', async () => {
  fc.assert(
    fc.property(series, points => {
      const { x, y, pieces } = curve(
        points,
        atMs => atMs / 100,
        watts => -watts / 10
      )
      let before = { x, y }
      return pieces.every((piece, index) => {
        const [low, high] = [Math.min(before.y, piece.y) - 1e-6, Math.max(before.y, piece.y) + 1e-6]
        const within = [piece.y1, piece.y2].every(value => value >= low && value <= high)
        const meets = piece.x === (points[index + 1]?.[0] ?? 0) / 100 && piece.x1 >= before.x && piece.x2 <= piece.x
        before = piece
        return within && meets
      })
    })
  )
})

t.test('a series is cut where it says nothing', async t => {
  const points: Point[] = [
    [0, 1],
    [90_000, 2],
    [180_001, 3]
  ]
  t.same(runs(points, 90_000), [points.slice(0, 2), points.slice(2)])
})

t.test('money, shares and moments', async t => {
  const german = formatsFor('de-DE', english)
  t.equal(british.money(0.1234, 'GBP'), '£0.12')
  t.equal(british.money(0.0123, 'GBP'), '£0.012', 'a small amount has a digit more')
  t.equal(british.money(0, 'GBP'), '£0.00')
  t.equal(british.money(-1.5, 'GBP'), '-£1.50')
  t.equal(spaced(german.money(1_234.5, 'EUR').replaceAll('\u00a0', ' ')), '1.234,50 €')
  t.equal(british.percent(0.123), '12%')
  const noon = new Date(2026, 10, 22, 12).getTime()
  t.equal(british.moment(noon, noon), '12:00')
  t.equal(british.moment(noon - 86_400_000, noon), '21 Nov, 12:00')
  t.equal(british.day(noon), '22 Nov 2026')
})

interface PageFile {
  readonly name: string
  readonly type: string
  readonly body: Buffer
  readonly gzip: Buffer
}

const firstLoadBytesMost = 35 * 1024
const withHistoryBytesMost = 75 * 1024

/** What the History view loads beside what is there already. */
function laterBytes(files: ReadonlyMap<string, PageFile>, html: string): number {
  const wanted = new Set(['history.css'])
  const textOf = (name: string) => files.get(name)?.body.toString() ?? ''
  const [program = ''] = /chunk-\w+\.js/.exec(html) ?? []
  const add = (name: string): void => {
    if (wanted.has(name) || name === program) return
    wanted.add(name)
    for (const [, imported = ''] of textOf(name).matchAll(/(?:from|import) ?"\.\/([\w-]+\.js)"/g)) add(imported)
  }
  const chunks = [...files.keys()].filter(name => name.endsWith('.js'))
  for (const name of chunks) if (/^later-/.test(name) || (/^view-/.test(name) && textOf(name).includes('u-over'))) add(name)
  return [...wanted].reduce((sum, name) => sum + (files.get(name)?.gzip.length ?? 0), 0)
}

const script = new URL('../../scripts/page.mjs', import.meta.url).href
const { bundlePage } = (await import(script)) as { bundlePage: () => Promise<readonly PageFile[]> }
const files = new Map((await bundlePage()).map(file => [file.name, file]))

t.test('the first load of Now is 35 KB at most', async t => {
  const html = files.get('index.html')?.body.toString() ?? ''
  const named = [...html.matchAll(/(?:src|href)="([\w.-]+)"/g)].map(([, name = '']) => name)
  const wanted = new Set(['index.html', ...named.filter(name => name !== 'apple-touch-icon.png')]) // which only a home screen asks for
  let bytes = 0
  for (const name of wanted) {
    const size = files.get(name)?.gzip.length
    t.type(size, 'number', `${name} is there`)
    t.comment(`${name}: ${size} bytes`)
    bytes += size ?? 0
  }
  t.ok(bytes <= firstLoadBytesMost, `${bytes} bytes of ${firstLoadBytesMost}`)
  const withHistory = bytes + laterBytes(files, html)
  t.ok(withHistory <= withHistoryBytesMost, `with History ${withHistory} bytes of ${withHistoryBytesMost}`)
})

/** What a PNG says of its size: its first chunk is IHDR, which begins with width and height. */
function sizesOf(png: Buffer): string {
  return png.toString('latin1', 12, 16) === 'IHDR' ? `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}` : 'no PNG'
}

t.test('what a home screen is told: a name, colours, and icons that are there and as large as it says', async t => {
  t.match(files.get('index.html')?.body.toString(), '<link rel="manifest" href="manifest.webmanifest">')
  const manifest = JSON.parse(files.get('manifest.webmanifest')?.body.toString() ?? '')
  t.strictSame(
    ['name', 'short_name', 'start_url', 'scope', 'display'].map(member => manifest[member]),
    ['wattslug', 'wattslug', './', './', 'standalone']
  )
  for (const colour of ['theme_color', 'background_color']) t.match(manifest[colour], /^#[0-9a-f]{6}$/, colour)
  for (const { src, type, sizes } of manifest.icons as readonly Readonly<Record<'src' | 'type' | 'sizes', string>>[]) {
    const file = files.get(src)
    t.equal(file?.type, type, src)
    t.equal(file && type === 'image/png' ? sizesOf(file.body) : 'any', sizes, src)
  }
  t.strictSame(
    ['192x192', '512x512'].filter(size => !manifest.icons.some(({ sizes }: { readonly sizes: string }) => sizes === size)),
    [],
    'the two that Chromium asks for'
  )
  for (const { url } of manifest.shortcuts) t.ok(viewNames.includes(url.replace('./#', '')), url)
})

const folder = new URL('../../src/page/', import.meta.url)
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

t.test('nothing in it needs a lax content security policy, or another host', async t => {
  const html = read('index.html')
  t.notMatch(html, /\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)/i)
  const styles = names.filter(name => name.endsWith('.css')).map(read)
  t.notMatch([html, ...styles, read('icon.svg').replace('http://www.w3.org/2000/svg', '')].join(''), /https?:|url\(|@import/)
  const code = names.filter(name => name.endsWith('.ts')).map(read)
  t.notMatch(code.join(''), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/)
  const ids = names
    .filter(name => /^(?:now\/)?\w+\.ts$/.test(name))
    .flatMap(name => [...read(name).matchAll(/find\('([a-z-]+)'\)/g)].map(([, id]) => id))
  t.ok(ids.length > 20)
  for (const id of ids) t.match(html, `id="${id}"`)
  for (const name of viewNames) t.notMatch(html, `id="${name}"`, `a view's address is no place in the page: ${name}`)
})
