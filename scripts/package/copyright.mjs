/** The copyright file of a package: what is shipped, whose it is, and what its owners want to be said. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { failure, root } from '../command.mjs'

/** Answers the text. @throws Failure for a package whose licence is unknown or brings no text */
export const copyright = version => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shipped = shippedPackages().map(path => {
    const { version: of, license } = packages[path]
    if (!/^(MIT|ISC|BSD-[23]-Clause|0BSD)$/.test(license)) throw failure(`${path}: a licence that is not known here: ${license}`)
    const texts = licenceTexts(path)
    if (texts.length === 0) throw failure(`${path} brings no text of its licence`)
    return { told: `${path.replace(/^.*node_modules\//, '')} ${of}: ${license}`, texts }
  })
  const line = '-'.repeat(76)
  const parts = [
    `wattslug ${version}: MIT\n\n${readFileSync(join(root, 'LICENSE'), 'utf8').trim()}`,
    `It contains these packages, or parts of them:\n\n${shipped.map(({ told }) => `  ${told}`).join('\n')}`,
    ...shipped.map(({ told, texts }) => `${line}\n${told}\n\n${texts.join('\n\n')}`)
  ]
  return `${parts.join('\n\n')}\n`
}

/** The packages of which the program or its page holds something, by their folders: the bundle names each file that is in it, and the page's sources what they import. */
const shippedPackages = () => {
  const page = join(root, 'src/page')
  const sources = readdirSync(page, { recursive: true }).filter(name => name.endsWith('.ts'))
  const imported = sources.flatMap(name => [...readFileSync(join(page, name), 'utf8').matchAll(/^import .* from '([^.'][^']*)'$/gm)])
  const bundled = readFileSync(join(root, 'dist/wattslug.cjs'), 'utf8').matchAll(/^\/\/ (.*node_modules\/(?:@[^/\n]+\/)?[^/\n]+)\//gm)
  return [...new Set([...[...bundled].map(([, path]) => path), ...imported.map(([, name]) => `node_modules/${name}`)])].sort()
}

/** What a package and what it brought with it say of whose it is. */
const licenceTexts = path =>
  readdirSync(join(root, path), { recursive: true })
    .filter(name => /^(licen[cs]e|copying)(\.\w+)?$/i.test(basename(name)) && !name.includes('node_modules'))
    .sort()
    .map(name => readFileSync(join(root, path, name), 'utf8').trim())
