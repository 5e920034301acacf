/** Layers and style as a test: the rules are data, and what breaks one is told with its place and what to do instead. */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'

interface File {
  readonly path: string
  readonly text: string
}

/** Imports point down: to a lower rank, or within the room. */
const ranks: Readonly<Record<string, number>> = {
  ...{ reading: 0, api: 0, limits: 0, budget: 1, calendar: 1, bounds: 2 },
  ...{ memory: 1 },
  ...{ meters: 2, simulator: 2, mqtt: 2, history: 2, cost: 2 },
  ...{ sinks: 3, operating: 3 },
  ...{ io: 4 },
  ...{ sensors: 5, settings: 5, tariff: 5, former: 5, commands: 5 },
  ...{ file: 6 },
  ...{ config: 7 },
  ...{ keeping: 8, numbers: 8, reload: 8 },
  ...{ rooms: 9, doors: 9 },
  ...{ daemon: 10, record: 10, backup: 10, gather: 10 },
  ...{ doctor: 11, status: 11 },
  ...{ support: 12 },
  ...{ main: 13 },
  ...{ client: 14 },
  ...{ page: 15 }
}
/** Up to here nothing touches the world, so that the page may share it and every line is tested. */
const pureRankMax = 3
const sourceLinesMax = 300
/** A table of all bounds with their reasons is one thing, however long. */
const tables: ReadonlySet<string> = new Set(['src/limits.ts'])

const source = /^src\/.*\.ts$/
const pure = /^src\/(?:(?:memory|meters|simulator|mqtt|history|cost|sinks|operating)\/.*|reading|api|limits|budget|calendar)\.ts$/
/** This file names what it bans. */
const anything = /^(?!test\/tidy\.ts$)/

/** Banned in code; comments and the insides of strings do not count. */
const codeBans: readonly Ban[] = [
  { where: source, ban: /\bexport default\b/, instead: 'export it by its name' },
  { where: source, ban: /(?:[:<|&,]|\bas)\s*any\b/, instead: 'take `unknown` and narrow it' },
  { where: source, ban: /\benum\b/, instead: 'write a union of string literals' },
  { where: source, ban: /\bclass\s+\w+(?:<.*>)?\s+extends\b(?! Error\b)/, instead: 'hold the other as a value, or write functions' },
  { where: source, ban: /\bexport \* from\b/, instead: 'import from the file that has it' },
  { where: pure, ban: /\bEventEmitter\b/, instead: 'answer with effects as values, or call an Outbox' },
  { where: pure, ban: /\b(?:Date\.now|new Date\(\)|performance\.now|hrtime)/, instead: 'take the time as an argument' },
  { where: pure, ban: /\b(?:Math\.random|getRandomValues|randomBytes)\b/, instead: 'take the entropy as an argument' },
  { where: pure, ban: /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, instead: 'let io/clock call at a time you answer' },
  { where: pure, ban: /\b(?:Buffer|process|console)\./, instead: 'use Uint8Array, take it as an argument, or count a fault' },
  {
    where: /^src\/(?!page\/|client\/|calendar\.ts|io\/zone\.ts)/,
    ban: /\bIntl\.|\.(?:toLocale\w+|localeCompare)\b/,
    instead: 'ask io/zone.ts: the first formatter costs the daemon 1.8 MB'
  }
]

/** Banned in any text, comments too. */
const textBans: readonly Ban[] = [
  { where: anything, ban: /\b(?:TODO|FIXME|XXX)\b/, instead: 'do it now or leave it out' },
  { where: source, ban: /@ts-(?:ignore|expect-error|nocheck)|c8 ignore|biome-ignore/, instead: 'mend the cause' },
  { where: anything, ban: /(?<![\w.$}/-])\/(?:work|root)(?:\/|\b(?!-))/, instead: 'give a path relative to the project' },
  {
    where: anything,
    ban: /registry\.(?:npmjs|yarnpkg)|npmmirror|verdaccio|artifactory|"resolved":/,
    instead: 'name no registry: npm has its own setting'
  },
  {
    where: anything,
    ban: /\b(?:claude|anthropic|openai|chatgpt|copilot|sub-?agents?|LLMs?)\b/i,
    instead: 'tell of the product, not of how it was written'
  },
  { where: anything, ban: /\b(?:anchors|platform|design)\.md\b/, instead: 'say it in ARCHITECTURE.md: this file is not in the project' }
]

/** Banned as file names. */
const nameBans: readonly Ban[] = [
  { where: source, ban: /(?:^|[/-])(?:utils?|helpers?|common|misc|tools)\b/, instead: 'name it after the one thing it holds' },
  { where: source, ban: /\/index\.ts$/, instead: 'let importers name the file they want' }
]

interface Ban {
  readonly where: RegExp
  readonly ban: RegExp
  readonly instead: string
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

const findBans = (bans: readonly Ban[], path: string, text: string): string[] =>
  bans
    .filter(({ where }) => where.test(path))
    .flatMap(({ ban, instead }) =>
      [...text.matchAll(new RegExp(ban, `${ban.flags}g`))].map(
        found => `${path}:${lineAt(text, found.index)} has \`${found[0].trim()}\`: ${instead}`
      )
    )

/** The code with comments and the insides of strings blanked out, each line where it was. */
const codeOf = ({ path, text }: File): string => {
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const code = text.replace(/[^\n]/g, ' ').split('')
  const keep = (node: ts.Node): void => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return
    const children = node.getChildren(parsed)
    for (const child of children) keep(child)
    if (children.length > 0 || ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node)) return
    for (let at = node.getStart(parsed); at < node.end; at += 1) code[at] = text[at] ?? ''
  }
  keep(parsed)
  return code.join('')
}

const roomOf = (path: string): string => path.split('/')[1]?.replace(/\.ts$/, '') ?? ''

/** Says what is wrong with one import, or nothing. */
const judgeImport = (path: string, wanted: string): string | undefined => {
  const room = roomOf(path)
  const rank = ranks[room]
  if (rank === undefined) return `stands in no room of the rank table: move it, or add the room to test/tidy.ts`
  const isEdge = rank > pureRankMax && room !== 'page' && room !== 'client'
  if (/^(?:node|wattslug):/.test(wanted)) return isEdge ? undefined : 'may not touch the world: take it as an argument, or move this to io/'
  if (path === 'src/page/history/chart.ts' && wanted === 'uplot') return undefined
  if (!wanted.startsWith('.')) return room === 'io' ? undefined : 'is a package: let one file of io/ import it and answer our own types'
  const target = roomOf(posix.join(posix.dirname(path), wanted))
  const targetRank = ranks[target] ?? Number.POSITIVE_INFINITY
  if (target === room) return undefined
  if (room === 'client') return 'is not the client itself: it is given to other web pages as it is'
  if (room === 'page') return target === 'client' || targetRank <= pureRankMax ? undefined : 'is not pure: the page takes ranks 0 to 3 only'
  return targetRank < rank ? undefined : 'does not point down: move what both need to a lower rank, or let main join them'
}

const importsOf = ({ path, text }: File) =>
  ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName, pos }) => ({ wanted: fileName, place: `${path}:${lineAt(text, pos)}` }))

const findLayers = (files: readonly File[]): string[] => {
  const owners = new Map<string, string>()
  return files.flatMap(file =>
    importsOf(file).flatMap(({ wanted, place }) => {
      const wrong = judgeImport(file.path, wanted)
      if (wrong !== undefined) return [`${place} imports ${wanted}, which ${wrong}`]
      if (/^(?:\.|node:|wattslug:)/.test(wanted)) return []
      const name = wanted.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? wanted
      const owner = owners.get(name) ?? file.path
      owners.set(name, owner)
      return owner === file.path ? [] : [`${place} imports ${name}, which is ${owner}'s: ask that file for what is needed`]
    })
  )
}

const isTypesOnly = ({ text }: File): boolean => {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, removeComments: true }
  return ts.transpileModule(text, { compilerOptions }).outputText.replace('export {};', '').trim() === ''
}

/** Every line of the pure ranks is covered by the file's own test: coverage sees only what that test loads. */
const findMirror = (file: File, files: readonly File[]): string[] => {
  const path = file.path.replace(/^src/, 'test')
  const mirror = files.find(other => other.path === path)
  if (!pure.test(file.path) || isTypesOnly(file)) return []
  if (mirror === undefined) return [`${file.path}:1 has no test: write ${path}`]
  const isLoaded = importsOf(mirror).some(({ wanted }) => posix.join(posix.dirname(path), wanted) === file.path)
  return isLoaded ? [] : [`${path}:1 does not import ${file.path}: test what the name says`]
}

const findShape = (file: File): string[] => {
  const found: string[] = []
  const lines = file.text.split('\n').length - 1
  if (lines > sourceLinesMax && !tables.has(file.path))
    found.push(`${file.path}:${lines} has more than ${sourceLinesMax} lines: split it by what it holds`)
  if (!/^\/\*\* (?:(?!\*\/)[\s\S])+[.!] ?\*\/\n/.test(file.text))
    found.push(`${file.path}:1 does not say what it is: begin with /** One sentence. */`)
  return found
}

/** All that is wrong with the files, each with its place and what to do instead. */
const findAll = (files: readonly File[]): string[] => {
  const sources = files.filter(({ path }) => source.test(path))
  return [
    ...files.flatMap(({ path, text }) => findBans(textBans, path, text)),
    ...files.flatMap(({ path }) => findBans(nameBans, path, path)),
    ...sources.flatMap(file => findBans(codeBans, file.path, codeOf(file))),
    ...sources.flatMap(file => [...findShape(file), ...findMirror(file, files)]),
    ...findLayers(sources.filter(({ path }) => !path.endsWith('.d.ts')))
  ]
}

/** The project's texts: what .gitignore leaves out and what holds a NUL is none. */
const readProject = (folder = ''): File[] =>
  readdirSync(folder === '' ? '.' : folder, { withFileTypes: true }).flatMap(entry => {
    const path = posix.join(folder, entry.name)
    if (['.git', 'node_modules', 'dist', '.tap', 'artefacts'].includes(path)) return []
    if (entry.isDirectory()) return readProject(path)
    const text = entry.isFile() ? readFileSync(path, 'utf8') : '\0'
    return text.includes('\0') ? [] : [{ path, text }]
  })

t.test('the project is tidy', async t => {
  const files = readProject()
  t.strictSame(findAll(files), [], 'nothing to mend')
  const sizes = files.filter(({ path }) => source.test(path)).map(({ text }) => text.split('\n').length - 1)
  sizes.sort((a, b) => a - b)
  t.comment(`${sizes.length} files in src, median ${sizes[sizes.length >> 1]} lines, longest ${sizes.at(-1)}`)
})

const begin = '/** It is something. */\n'
/** A path, its text after the beginning, and what has to be said of it; nothing if that is fine. */
const samples: readonly (readonly [path: string, text: string, said?: RegExp])[] = [
  ['src/io/a.ts', "import { readFile } from 'node:fs'\nimport { limits } from '../limits.ts'"],
  [
    'src/mqtt/a.ts',
    '// Date.now is a word here, and so is any enum\nexport const a = "Math.random"',
    /^src\/mqtt\/a\.ts:1 has no test: write test\/mqtt\/a\.ts$/
  ],
  ['src/mqtt/a.ts', 'export type A = { readonly any: 1 }'],
  ['src/main.ts', "import { c } from './config.ts'\nimport { m } from './mqtt/broker.ts'"],
  ['src/page/a.ts', "import { t } from '../mqtt/topic.ts'\nimport { v } from './view.ts'"],
  ['src/mqtt/a.ts', "import type { M } from '../meters/meter.ts'", /^src\/mqtt\/a\.ts:2 imports .* does not point down/],
  ['src/sinks/a.ts', "export type { C } from '../io/clock.ts'", /:2 imports .* does not point down/],
  ['src/io/a.ts', "const c = await import('../config.ts')", /:2 imports .* does not point down/],
  ['src/page/a.ts', "import { c } from '../io/clock.ts'", /the page takes ranks 0 to 3 only/],
  ['src/page/a.ts', "import { c } from '../client/mqtt.ts'"],
  ['src/client/a.ts', "import { t } from '../mqtt/topic.ts'", /is not the client itself/],
  ['src/client/a.ts', "import { t } from 'mqtt-packet'", /is a package/],
  ['src/main.ts', "import { v } from './page/view.ts'", /does not point down/],
  ['src/page/a.ts', "import { c } from 'node:crypto'", /may not touch the world/],
  ['src/memory/a.ts', "import type { c } from 'node:crypto'", /may not touch the world/],
  ['src/config.ts', "import { parse } from 'smol-toml'", /is a package: let one file of io\/ import it/],
  ['src/shed/a.ts', "import { limits } from '../limits.ts'", /stands in no room/],
  ['src/io/a.ts', 'export default 1', /export it by its name/],
  ['src/io/a.ts', 'const a: any = 1', /take `unknown`/],
  ['src/io/a.ts', 'enum A { B }', /union of string literals/],
  ['src/io/a.ts', 'class A extends B {}', /hold the other as a value/],
  ['src/mqtt/a.ts', 'type E = EventEmitter', /effects as values/],
  ['src/mqtt/a.ts', '\ntype A = typeof Date.now', /^src\/mqtt\/a\.ts:3 has `Date\.now`: take the time/],
  ['src/mqtt/a.ts', 'type A = typeof Math.random', /take the entropy/],
  ['src/mqtt/a.ts', 'type A = typeof setTimeout', /let io\/clock call/],
  ['src/mqtt/a.ts', 'type A = typeof process.env', /take it as an argument/],
  ['src/io/a.ts', 'const a = new Intl.NumberFormat()', /ask io\/zone\.ts/],
  ['src/io/a.ts', '// TODO: more', /do it now or leave it out/],
  ['src/io/a.ts', '// @ts-ignore', /mend the cause/],
  ['src/io/string-utils.ts', '', /name it after the one thing/],
  ['src/io/index.ts', '', /name the file they want/],
  ['src/io/a.ts', '//\n'.repeat(sourceLinesMax), /:301 has more than 300 lines/],
  ['scripts/a.mjs', "run('/root/things')", /relative to the project/],
  ['scripts/a.mjs', "run('/var/lib/wattslug', 'https://example.org/work/', 'a/root')"],
  ['package-lock.json', '"resolved": "https://host/a.tgz"', /name no registry/],
  ['README.md', 'Written with Claude.', /tell of the product/]
]

t.test('each rule finds what breaks it', async t => {
  for (const [path, text, said] of samples) {
    const found = findAll([{ path, text: begin + text }])
    const told = `${path}: ${text.trim().slice(0, 60).replaceAll('\n', ' ')}`
    if (said === undefined) t.strictSame(found, [], told)
    else t.match(found, [said], told)
  }
  t.match(findAll([{ path: 'src/io/a.ts', text: "import 'node:fs'\n" }]), [/begin with/], 'a file that does not say what it is')
})

t.test('a test loads what it is named after', async t => {
  const tested = { path: 'src/mqtt/a.ts', text: `${begin}export const a = 1\n` }
  const test = (text: string) => ({ path: 'test/mqtt/a.ts', text })
  t.strictSame(findAll([tested, test("import { a } from '../../src/mqtt/a.ts'")]), [])
  t.strictSame(findAll([tested, test('')]), ['test/mqtt/a.ts:1 does not import src/mqtt/a.ts: test what the name says'])
})

t.test('a package has one owner', async t => {
  const text = `${begin}import { WebSocketServer } from 'ws'\n`
  const files = ['src/io/websocket.ts', 'src/io/tcp.ts'].map(path => ({ path, text }))
  t.strictSame(findAll(files), ["src/io/tcp.ts:2 imports ws, which is src/io/websocket.ts's: ask that file for what is needed"])
})
