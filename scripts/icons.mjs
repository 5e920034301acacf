/** Makes the page's icons for home screens from src/page/icon.svg: run it when that has changed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { main, root, say } from './command.mjs'
import { packed } from './screenshots/png.mjs'

const folder = join(root, 'src/page')
/** Name, size in pixels, and what part of it the slug takes: systems cut maskable icons and Apple's at their edges. */
const icons = [
  ['icon-192.png', 192, 1],
  ['icon-512.png', 512, 0.76],
  ['apple-touch-icon.png', 180, 0.86]
]

await main(async () => {
  const svg = readFileSync(join(folder, 'icon.svg'), 'utf8')
  const ground = /<rect[^>]*fill="(#\w+)"/.exec(svg)?.[1]
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu']
  })
  try {
    for (const [name, size, part] of icons) {
      const page = await browser.newPage({ viewport: { width: size, height: size } })
      const inner = Math.round(size * part)
      await page.setContent(
        `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${part < 1 ? ground : 'transparent'}"><div style="width:${inner}px;height:${inner}px">${svg}</div>`
      )
      const png = packed(await page.screenshot({ omitBackground: true }))
      writeFileSync(join(folder, name), png)
      say(`${name} has ${png.length} bytes`)
      await page.close()
    }
  } finally {
    await browser.close()
  }
})
