/** Bundles src/main.ts and all that it imports into one CommonJS file: half the memory of the same modules loaded one by one. */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { build } from 'esbuild'
import { failure, root } from './command.mjs'
import { schemasOf } from './schemas.mjs'

const daemon = join(root, 'src/main.ts')

/** Packages' modules that are not wanted, by the importing package, and what stands in for them. */
const standIns = [
  { import: /^debug$/, from: /./, code: 'const log = () => {}\nlog.enabled = false\nmodule.exports = () => log' },
  { import: /^\.\/(darwin|win32)$/, from: /bindings-cpp/, code: 'module.exports = {}' },
  { import: /^\.\/linux-list$/, from: /bindings-cpp/, code: 'exports.linuxList = async () => []' },
  // Of ws only the handshake is used; the rest of it would bring https, tls and zlib.
  { import: /^ws$/, from: /src\/io\/websocket/, code: "exports.WebSocketServer = require('./node_modules/ws/lib/websocket-server.js')" },
  { import: /^\.\/(websocket|permessage-deflate|extension)$/, from: /ws\/lib\/websocket-server/, code: 'module.exports = {}' },
  {
    import: /^http$/,
    from: /ws\/lib\/websocket-server/,
    code: "exports.__defineGetter__('STATUS_CODES', () => require('node:http').STATUS_CODES)"
  }
]

/** Where a package's text has to be changed; a package that no longer has the text fails the build. */
const patches = [
  {
    // The addon is looked for in prebuilds/ beside the bundle, not beside the package.
    file: /bindings-cpp\/dist\/serialport-bindings\.js$/,
    find: "(0, path_1.join)(__dirname, '../')",
    replace: '__dirname'
  },
  {
    // Its addons have a folder of their own there: node-gyp-build takes any that suits the machine, whatever it is called.
    file: /classic-level\/binding\.js$/,
    find: '(__dirname)',
    replace: "(require('node:path').join(__dirname, 'prebuilds/classic-level'))"
  }
]

/** Answers the daemon's code. */
export const bundleDaemon = async ({ version, page, entry = daemon }) => {
  const done = new Set()
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    logLevel: 'silent',
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    legalComments: 'inline',
    banner: { js: '#!/usr/bin/env node' },
    define: { __WATTSLUG_VERSION__: JSON.stringify(version) },
    alias: { 'readable-stream': 'node:stream' },
    external: ['bufferutil', 'utf-8-validate'],
    plugins: [standInPlugin, patchPlugin(done), modulePlugin('page', pageModule(page)), modulePlugin('schemas', schemasModule())]
  })
  const missed = patches.filter(patch => !done.has(patch))
  if (missed.length > 0 && entry === daemon)
    throw failure(`the bundle lacks a file that has to be patched: ${missed.map(({ file }) => file.source).join(', ')}`)
  return outputFiles[0].text.replace(/\P{ASCII}/gu, escaped)
}

/**
 * One character that esbuild leaves as it is, in a comment or a regular expression, makes V8 keep the whole text at two bytes a character:
 * 0.7 MB more.
 */
const escaped = character =>
  Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')

/** Answers the simulated meter's code, for scripts/fake-meter. */
export const bundleSimulator = async () => {
  const contents = `export { houses } from './src/simulator/houses.ts'\nexport { SimulatedMeter } from './src/simulator/meter.ts'`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    write: false,
    logLevel: 'silent',
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'ascii'
  })
  return outputFiles[0].text
}

const standInPlugin = {
  name: 'stand-in',
  setup: ({ onResolve, onLoad }) => {
    standIns.forEach((standIn, index) => {
      onResolve({ filter: standIn.import }, ({ importer, path }) =>
        standIn.from.test(importer) ? { path: `${path}#${index}`, namespace: 'stand-in', pluginData: standIn.code } : undefined
      )
    })
    onLoad({ filter: /./, namespace: 'stand-in' }, ({ pluginData }) => ({ contents: pluginData, loader: 'js', resolveDir: root }))
  }
}

const patchPlugin = done => ({
  name: 'patch',
  setup: ({ onLoad }) => {
    for (const patch of patches) {
      onLoad({ filter: patch.file }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (text.split(patch.find).length !== 2) throw new Error(`${relative(root, path)} no longer contains once: ${patch.find}`)
        done.add(patch)
        return { contents: text.replace(patch.find, patch.replace), loader: 'js' }
      })
    }
  }
})

/** Modules that the build writes, described in src/io/page-files.d.ts. */
const modulePlugin = (name, contents) => ({
  name,
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: new RegExp(`^wattslug:${name}$`) }, ({ path }) => ({ path, namespace: name }))
    onLoad({ filter: /./, namespace: name }, () => ({ resolveDir: root, contents }))
  }
})

/** The page's files. They stay packed until one asks unpacked, as few do: then zlib is loaded. */
const pageModule = page => `const file = (path, type, etag, headers, packed) => {
  const gzip = Buffer.from(packed, 'base64')
  return { path, type, etag, headers, gzip, get body() { return require('node:zlib').gunzipSync(gzip) } }
}
export const files = [
${page.map(({ path, type, etag, headers, gzip }) => `  file(${[path, type, etag, headers, gzip.toString('base64')].map(value => JSON.stringify(value)).join(', ')})`).join(',\n')}
]`

const schemasModule = () => `export const schemas = ${JSON.stringify(JSON.stringify(schemasOf()))}`
