/** The built daemon with its demonstration meter, on free ports, for whoever looks at the page. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failure, root } from '../command.mjs'

const daemon = join(root, 'dist/wattslug.cjs')
const startMs = 20_000

/** Debian's Chromium, as quiet as it can be. */
export const browserOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'].concat(
    '--disable-component-update',
    '--disable-sync'
  )
}

/** Runs a function with the address of the daemon's page. @param prepare may put something into the daemon's folder first */
export const withDemo = async (use, prepare = () => {}) => {
  if (!existsSync(daemon)) throw failure('there is no dist/wattslug.cjs yet: run npm run build first')
  const state = mkdtempSync(join(tmpdir(), 'wattslug-demo-'))
  await prepare(state)
  const { child, address } = await start(state)
  const left = new Promise(resolve => child.once('exit', resolve))
  try {
    return await use(address)
  } finally {
    child.kill()
    await left
    rmSync(state, { recursive: true, force: true })
  }
}

/** Answers the process and its page's address, which its log tells. */
const start = state =>
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
