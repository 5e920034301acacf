/** The certificate in force: what takes its place, what does not, and that a change is told once. */
import t from 'tap'
import { type Certificate, CertificateError } from '../../src/io/certificate.ts'
import { makeLog } from '../../src/io/log.ts'
import { Renewal } from '../../src/io/renewal.ts'
import { limits } from '../../src/limits.ts'
import { TestClock } from '../fixtures/io/serving.ts'

const dayMs = 86_400_000

function make() {
  const clock = new TestClock()
  const lines: string[] = []
  const used: string[] = []
  const scene: { found: Certificate | string; unusable: string | undefined } = { found: 'x.crt: none yet', unusable: undefined }
  const renewal = new Renewal(
    async () => {
      if (typeof scene.found === 'string') throw new CertificateError(scene.found)
      return scene.found
    },
    ({ cert }) => {
      if (scene.unusable !== undefined) throw new Error(scene.unusable)
      used.push(cert)
    },
    clock,
    makeLog(
      line => lines.push(line.slice(25).trimEnd()),
      false,
      () => clock.wallMs()
    )
  )
  const certificate = (cert: string, days: number, from = -1): Certificate => ({
    ...{ cert, key: 'key', names: 'DNS:house' },
    ...{ fromMs: clock.wallMs() + from * dayMs, toMs: clock.wallMs() + days * dayMs }
  })
  return { clock, lines, used, scene, renewal, certificate }
}

t.test('found, renewed, and told once each', async t => {
  const { lines, used, scene, renewal, certificate, clock } = make()
  scene.found = certificate('first', 90)
  for (let round = 0; round < 3; round++) await renewal.look()
  t.strictSame(used, ['first'])
  t.match(lines, [/^info +certificate for DNS:house is in force until 20/])
  t.equal(lines.length, 1)
  t.strictSame(renewal.told.toMs, clock.wallMs() + 90 * dayMs)
  t.equal(renewal.told.state, 'good')
  scene.found = certificate('second', 180)
  for (let round = 0; round < 3; round++) await renewal.look()
  t.strictSame(used, ['first', 'second'])
  t.equal(lines.length, 2)
})

t.test('one that cannot be used leaves the old one in force, and none at the start', async t => {
  const { lines, used, scene, renewal, certificate } = make()
  await renewal.look()
  t.match(lines, [/^error +certificate: x\.crt: none yet; there is no TLS until that is mended$/])
  t.match(renewal.told, { state: 'bad', toMs: undefined })
  scene.found = certificate('first', 90)
  await renewal.look()
  scene.found = 'x.key: this is the key of another'
  for (let round = 0; round < 3; round++) await renewal.look()
  t.match(lines[2], /^error +certificate: x\.key: this is the key of another; the one until 20\d\d-\d\d-\d\d stays in force$/)
  t.equal(lines.length, 3)
  t.match(renewal.told, { state: 'bad', toMs: Number })
  scene.found = certificate('second', 100)
  scene.unusable = 'ee key too small'
  await renewal.look()
  t.match(lines[3], /ee key too small; the one until/)
  scene.unusable = undefined
  await renewal.look()
  t.strictSame(used, ['first', 'second'])
  t.match(lines[4], /^info/)
})

t.test('dates: what ends soon, has ended or has not begun is told, and used all the same', async t => {
  const { lines, used, scene, renewal, certificate, clock } = make()
  scene.found = certificate('first', 15)
  await renewal.look()
  clock.nowMs += 2 * dayMs
  await renewal.look()
  t.match(lines[1], /^warning +certificate for DNS:house ends on .*, in less than 14 days, and was not renewed$/)
  scene.found = certificate('ended', -1)
  await renewal.look()
  t.match(lines[2], /the new one ended on .*; the one until .* stays in force/)
  t.strictSame(used, ['first'])
  clock.nowMs += 20 * dayMs
  await renewal.look()
  scene.found = { ...certificate('first', 0), toMs: clock.wallMs() - 7 * dayMs }
  await renewal.look()
  t.match(lines.at(-1), /certificate for DNS:house ended on .*: clients refuse it/)
  scene.found = certificate('early', 300, 2)
  await renewal.look()
  t.match(lines.at(-1), /is not good before .*: clients refuse it/)
  t.equal(used.at(-1), 'early')
})

t.test('one that has ended is better than none at the start, and the clock may not be set', async t => {
  const { lines, used, scene, renewal, certificate, clock } = make()
  scene.found = certificate('ended', -1)
  await renewal.look()
  t.strictSame(used, ['ended'])
  clock.nowMs = limits.energyClockMsMin - 1_700_000_000_000 - 1
  await renewal.look()
  t.match(lines.at(-1), /whether it is good is known once the clock is set/)
})

t.test('what is no fault of a certificate is a mistake of ours', async t => {
  const { clock } = make()
  const silent = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }
  const renewal = new Renewal(
    () => Promise.reject(new TypeError('bug')),
    () => undefined,
    clock,
    silent
  )
  await t.rejects(renewal.look(), TypeError)
})

t.test('two looks at once are one', async t => {
  const { clock } = make()
  let finds = 0
  const silent = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }
  const find = async (): Promise<Certificate> => {
    finds++
    throw new CertificateError('none')
  }
  const renewal = new Renewal(find, () => undefined, clock, silent)
  await Promise.all([renewal.look(), renewal.look()])
  t.equal(finds, 1)
})
