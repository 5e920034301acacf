/** Tells tap which file a test must cover in full: its mirror in ranks 0 to 3. io/, config, main and the page's view are exempt. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

const covered = /^test\/(?:(?:memory|meters|simulator|mqtt|history|cost|sinks|operating)\/)?([a-z0-9-]+)\.ts$/
const exempt = new Set(['config', 'main'])

/** `test/mqtt/session.ts` and `test/mqtt/session-exhaustive.ts` both cover `src/mqtt/session.ts`; scenarios cover nothing. */
const coverageMap = test => {
  const name = covered.exec(test)?.[1]
  if (name === undefined || exempt.has(name)) return null
  const folder = test.slice(0, -`${name}.ts`.length).replace(/^test/, 'src')
  for (let end = name.length; end > 0; end = name.lastIndexOf('-', end - 1)) {
    const source = `${folder}${name.slice(0, end)}.ts`
    if (existsSync(join(root, source))) return source
  }
  return null
}

// biome-ignore lint/style/noDefaultExport: tap asks for a default export
export default coverageMap
