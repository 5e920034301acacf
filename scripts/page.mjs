/** Turns src/page and src/client into the files that are served: the page's modules, cut at its views, and what stands beside them. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { failure, root } from './command.mjs'
import { declarationsOf } from './declarations.mjs'

const source = join(root, 'src/page')
const main = join(source, 'main.ts')
const client = join(root, 'src/client/mqtt.ts')
const serviceWorker = join(source, 'service-worker.ts')

/** The kinds of file a page may have. */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json'
}

/** What a name with a hash in it holds is the same for ever. */
const lasting = { 'Cache-Control': 'public, max-age=31536000, immutable' }
const askedAnew = { 'Cache-Control': 'no-cache' }
/** Pages that come from elsewhere may have it too. */
const forAll = { ...askedAnew, 'Access-Control-Allow-Origin': '*' }

const settings = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  logLevel: 'silent',
  minify: true,
  platform: 'browser',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none'
}

/** Answers the files in order of their names, each with its name, path, type, ETag, headers, body and gzip. */
export const bundlePage = async () => {
  const [programs, styles, library] = await Promise.all([bundlePrograms(), bundleStyles(), bundleClient()])
  const page = [...readPlain(programs), ...programs.files, ...styles]
  const files = [...page, ...(await bundleServiceWorker(page)), ...library]
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Files that are served as they are; index.html names the program. */
const readPlain = ({ program }) =>
  readdirSync(source)
    .filter(name => ['.html', '.svg', '.png', '.webmanifest'].includes(extname(name)))
    .map(name => {
      const body = readFileSync(join(source, name))
      return fileOf(name, name === 'index.html' ? Buffer.from(body.toString().replace('"main.js"', `"${program}"`)) : body)
    })

const programSettings = {
  ...settings,
  entryPoints: { main },
  outdir: join(root, 'dist/page'),
  format: 'esm',
  splitting: true,
  chunkNames: '[name]-[hash]',
  metafile: true
}

/** The program, and the views as chunks that it loads when they are wanted. */
const bundlePrograms = async () => {
  const plugins = [programInOne(await modulesWantedLater()), lessOfUPlot]
  const { outputFiles, metafile } = await build({ ...programSettings, plugins })
  const programs = metafile.outputs['dist/page/main.js'].imports.filter(({ kind }) => kind === 'import-statement')
  if (programs.length !== 1) throw failure(`the program is in ${programs.length} pieces: ${programs.map(({ path }) => path).join(', ')}`)
  const scripts = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })).filter(({ name }) => name !== 'main.js')
  return {
    program: basename(programs[0].path),
    files: scripts.map(({ name, contents }) => fileOf(name, Buffer.from(contents), lasting))
  }
}

/** Answers the paths of what is imported when it is wanted, be it imported at once elsewhere too. */
const modulesWantedLater = async () => {
  const { metafile } = await build(programSettings)
  const imports = Object.values(metafile.inputs).flatMap(input => input.imports)
  return new Set(imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => join(root, path)))
}

/**
 * What is imported when it is wanted imports the program too, which is there by then. So all that the program holds is in one file, where
 * otherwise what it shares with a view would be in another for each set of views; main.js itself has nothing left but to name it. The
 * modules are known beforehand, as esbuild loads a file once, for whichever of its importers comes first.
 */
const programInOne = wantedLater => ({
  name: 'program in one',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
      wantedLater.has(path) ? { contents: `${readFileSync(path, 'utf8')}\nimport ${JSON.stringify(main)}`, loader: 'ts' } : undefined
    )
  }
})

/** What uPlot has and the history does not draw with: its conveniences, its straight lines and its calendar. A version that is laid out otherwise fails the build. */
const uPlotCuts = [
  { from: 'uPlot.assign = assign;', to: 'export { uPlot as default };', put: '' },
  { from: 'const linearPath = linear() ;', to: '\n', put: 'const linearPath = null;' },
  {
    from: 'const [ timeIncrsMs,',
    to: 'const [ timeIncrsS,',
    put: 'const timeIncrsMs = [], _timeAxisStampsMs = [], timeAxisSplitsMs = () => null;\n'
  },
  { from: 'const [ timeIncrsS,', to: '\n', put: 'const timeIncrsS = [], _timeAxisStampsS = [], timeAxisSplitsS = () => null;' }
]

const lessOfUPlot = {
  name: 'less of uPlot',
  setup(build) {
    build.onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      const contents = uPlotCuts.reduce(
        (text, { from, to, put }) => {
          const start = text.indexOf(from)
          const end = text.indexOf(to, start)
          if (start < 0 || end < 0) throw new Error(`${path} no longer has: ${from}`)
          return text.slice(0, start) + put + text.slice(end)
        },
        readFileSync(path, 'utf8')
      )
      return { contents, loader: 'js' }
    })
  }
}

/** style.css, and for each folder that has style sheets one file of its name, such as history.css. */
const bundleStyles = () => {
  const folders = readdirSync(source, { withFileTypes: true }).filter(entry => entry.isDirectory())
  const groups = [
    ...sheetsIn('').map(name => [name, [name]]),
    ...folders.map(({ name }) => [`${name}.css`, sheetsIn(name).map(sheet => join(name, sheet))])
  ]
  return Promise.all(
    groups.filter(([, sheets]) => sheets.length > 0).map(async ([name, sheets]) => fileOf(name, await bundleSheets(sheets)))
  )
}

const sheetsIn = folder => readdirSync(join(source, folder)).filter(name => extname(name) === '.css')

const bundleSheets = async sheets => {
  const contents = sheets.map(sheet => `@import './${sheet}';`).join('\n')
  const { outputFiles } = await build({ ...settings, stdin: { contents, resolveDir: source, loader: 'css' } })
  return Buffer.from(outputFiles[0].contents)
}

/** sw.js knows what files the page has, and by what version of them it is another one. */
const bundleServiceWorker = async files => {
  if (!existsSync(serviceWorker)) return []
  const define = {
    __WATTSLUG_PAGE_FILES__: JSON.stringify(files.map(({ path }) => path)),
    __WATTSLUG_PAGE_VERSION__: JSON.stringify(hashOf(Buffer.from(files.map(({ etag }) => etag).join(''))))
  }
  const { outputFiles } = await build({ ...settings, entryPoints: [serviceWorker], format: 'iife', define })
  return [fileOf('sw.js', Buffer.from(outputFiles[0].contents))]
}

/** The MQTT client as a module that stands alone, with its types. */
const bundleClient = async () => {
  const banner = { js: '/* wattslug: an MQTT client over WebSocket. MIT licence. Its types are in mqtt.d.ts. */' }
  const { outputFiles } = await build({ ...settings, entryPoints: [client], format: 'esm', banner })
  return [fileOf('mqtt.js', Buffer.from(outputFiles[0].contents), forAll), fileOf('mqtt.d.ts', Buffer.from(declarationsOf(client)), forAll)]
}

const fileOf = (name, body, headers = askedAnew) => ({
  name,
  path: name === 'index.html' ? '/' : `/${name}`,
  type: types[extname(name)] ?? fail(name),
  etag: `"${hashOf(body)}"`,
  headers,
  body,
  gzip: gzipSync(body, { level: 9 })
})

const hashOf = body => createHash('sha256').update(body).digest('base64url').slice(0, 16)

const fail = name => {
  throw failure(`${name}: no type is known for it`)
}
