/** Turns src/page into the files that the phone loads: app.js from main.ts, and each other file as it is or smaller. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { root } from './command.mjs'

const source = join(root, 'src/page')

/** The kinds of file a page may have beside its program. */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json'
}

/** Answers the files in order of their names, each with its name, path, type, ETag, body and gzip. */
export const bundlePage = async () => {
  const names = readdirSync(source).filter(name => extname(name) in types)
  const bodies = await Promise.all(names.map(async name => [name, await bodyOf(name)]))
  return [...bodies, ['app.js', await program()]].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, body]) => fileOf(name, body))
}

const bodyOf = async name => {
  const body = readFileSync(join(source, name))
  if (extname(name) !== '.css') return body
  return Buffer.from((await transform(body, { loader: 'css', minify: true, target: 'es2022' })).code)
}

const program = async () => {
  const { outputFiles } = await build({
    entryPoints: [join(source, 'main.ts')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    logLevel: 'silent',
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none'
  })
  return Buffer.from(outputFiles[0].contents)
}

const fileOf = (name, body) => ({
  name,
  path: name === 'index.html' ? '/' : `/${name}`,
  type: types[extname(name)],
  etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
  body,
  gzip: gzipSync(body, { level: 9 })
})
