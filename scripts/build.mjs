/** Builds dist/: the daemon as one readable file, the addons of serialport and LevelDB beside it, and the page both inside it and for looking at. */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { main, root, say } from './command.mjs'
import { checkNode, installPackages } from './setup.mjs'

const dist = join(root, 'dist')
const bundle = join(dist, 'wattslug.cjs')

/** Packages' folders of addons, and where they go in dist/. */
const addons = [
  { from: 'node_modules/@serialport/bindings-cpp/prebuilds', to: 'prebuilds' },
  { from: 'node_modules/classic-level/prebuilds', to: 'prebuilds/classic-level/prebuilds' }
]

/** Boards and desktops that run Linux. */
const addonPlatforms = ['linux-arm', 'linux-arm64', 'linux-x64']

/** What a build depends on, beside Node itself. */
const sources = [
  'src',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'scripts/page.mjs',
  'scripts/declarations.mjs',
  'scripts/schemas.mjs',
  'package.json',
  'package-lock.json'
]

/** Builds if something changed since the last time, or if told to. */
export const build = async ({ force = false } = {}) => {
  const newestMs = Math.max(...sources.map(name => newestOf(join(root, name))))
  if (!force && changedMs(bundle) >= newestMs) return
  say('building dist/')
  const [{ bundleDaemon, bundleSimulator }, { bundlePage }] = await Promise.all([import('./bundle.mjs'), import('./page.mjs')])
  const page = await bundlePage()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const code = await bundleDaemon({ version, page })
  for (const folder of ['page', 'prebuilds']) rmSync(join(dist, folder), { recursive: true, force: true })
  for (const { name, body } of page) put(join(dist, 'page', name), body)
  for (const { from, to } of addons)
    for (const platform of addonPlatforms) cpSync(join(root, from, platform), join(dist, to, platform), { recursive: true })
  put(join(dist, 'fake-meter.cjs'), await bundleSimulator())
  putLast(code, newestMs)
}

/** The bundle comes last and at once, dated as its sources: a build that was interrupted, or overtaken by an edit, counts as none. */
const putLast = (code, newestMs) => {
  const unfinished = `${bundle}.unfinished`
  put(unfinished, code)
  chmodSync(unfinished, 0o755)
  utimesSync(unfinished, newestMs / 1000 + 0.001, newestMs / 1000 + 0.001)
  renameSync(unfinished, bundle)
}

const put = (path, content) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** The last change of a file, or of anything in a folder; a folder's own date tells of files that went away. */
const newestOf = path => {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map(name => newestOf(join(path, name))))
}

const changedMs = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    checkNode()
    await installPackages()
    await build({ force: process.argv.includes('--force') })
  })
}
