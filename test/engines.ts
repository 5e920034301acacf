/** Every package, needed at run time or only here, accepts the oldest Node that we promise to run on. */
import { readFileSync } from 'node:fs'
// @ts-expect-error: semver brings no types, and one function of it is not worth a package of types
import semver from 'semver'
import t from 'tap'

const nodeOldest = '20.19.0'
/** From Node 24 on, 32-bit ARM is experimental. */
const nodeNewestNeeded = '22.0.0'

interface Package {
  readonly engines?: { readonly node?: string }
  readonly version?: string
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Readonly<Record<string, Package>> }
const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } }

t.test(`every package accepts Node ${nodeOldest}`, async t => {
  const refusing = Object.entries(packages)
    .filter(([, { engines }]) => engines?.node !== undefined && !semver.satisfies(nodeOldest, engines.node))
    .map(([path, { version, engines }]) => `${path} ${version} wants Node ${engines?.node}`)
  t.strictSame(refusing, [], 'an older version of what refuses it is to be taken')
})

t.test('our own promise', async t => {
  t.ok(semver.satisfies(nodeOldest, engines.node), `package.json accepts Node ${nodeOldest}`)
  t.ok(semver.satisfies(nodeNewestNeeded, engines.node), 'package.json asks for no Node above 22')
  t.strictSame(packages['']?.engines, engines, 'package-lock.json says the same')
})
