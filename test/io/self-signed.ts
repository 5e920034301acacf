/** Our own certificate: made once, kept, renewed under the same authority, which can speak for nobody else. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ownCertificate } from '../../src/io/self-signed.ts'
import { until } from '../fixtures/e2e/wait.ts'
import { makePair } from '../fixtures/io/tls.ts'

const dayMs = 86_400_000
const textOf = (folder: string, file: string): string => readFileSync(join(folder, file), 'latin1')

/** What openssl thinks of a certificate that the authority is said to have signed. */
function verify(folder: string, cert: string, ...more: readonly string[]): string {
  try {
    return execFileSync('openssl', ['verify', '-CAfile', join(folder, 'ca.crt'), ...more, cert], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return String((error as { stderr: unknown }).stderr)
  }
}

t.test('made once, for the names and addresses of this machine, and its keys are nobody else’s', async t => {
  const folder = join(t.testdir(), 'tls')
  const nowMs = Date.now()
  const made = await ownCertificate(folder, nowMs)
  t.match(made.names, /^DNS:localhost, DNS:.*IP Address:127\.0\.0\.1/)
  t.ok(made.toMs - nowMs < 825 * dayMs && made.toMs - nowMs > 790 * dayMs)
  t.strictSame(readdirSync(folder).sort(), ['ca.crt', 'ca.key', 'server.crt', 'server.key'])
  t.equal(statSync(folder).mode & 0o777, 0o700)
  for (const key of ['ca.key', 'server.key']) t.equal(statSync(join(folder, key)).mode & 0o777, 0o600)
  t.strictSame(await ownCertificate(folder, nowMs + 700 * dayMs), made)
  for (const name of ['localhost', hostname()])
    t.match(verify(folder, join(folder, 'server.crt'), '-verify_hostname', name, '-purpose', 'sslserver'), /: OK/, name)
  t.match(verify(folder, join(folder, 'server.crt'), '-verify_ip', '127.0.0.1'), /: OK/)
})

t.test('renewed before it ends, under the same authority, which is renewed too when its time has come', async t => {
  const folder = t.testdir()
  const first = await ownCertificate(folder, Date.now())
  const authority = textOf(folder, 'ca.crt')
  const second = await ownCertificate(folder, Date.now() + 790 * dayMs)
  t.not(second.cert, first.cert)
  t.equal(textOf(folder, 'ca.crt'), authority)
  t.match(verify(folder, join(folder, 'server.crt')), /: OK/)
  await ownCertificate(folder, Date.now() + 3_640 * dayMs)
  t.not(textOf(folder, 'ca.crt'), authority)
  t.match(verify(folder, join(folder, 'server.crt')), /: OK/)
})

t.test('one of the future, from a clock that ran ahead, is made anew; not by a clock that is behind what clients have', async t => {
  const folder = t.testdir()
  const first = await ownCertificate(folder, Date.now())
  await until('another second', () => Date.now() - first.fromMs > 2_000)
  const second = await ownCertificate(folder, Date.now() + 790 * dayMs)
  t.ok(second.fromMs > first.fromMs)
  const authority = textOf(folder, 'ca.crt')
  t.strictSame(await ownCertificate(folder, first.fromMs - dayMs), second, 'the authority is no older then')
  t.not((await ownCertificate(folder, first.fromMs + 1_000)).cert, second.cert)
  t.equal(textOf(folder, 'ca.crt'), authority)
  t.match(verify(folder, join(folder, 'server.crt')), /: OK/)
})

t.test('what is lost or damaged is made anew', async t => {
  const folder = t.testdir()
  await ownCertificate(folder, Date.now())
  const authority = textOf(folder, 'ca.crt')
  for (const damage of [
    () => rmSync(join(folder, 'server.key')),
    () => writeFileSync(join(folder, 'server.crt'), ''),
    () => copyFileSync(join(folder, 'ca.key'), join(folder, 'server.key'))
  ]) {
    damage()
    await ownCertificate(folder, Date.now())
    t.match(verify(folder, join(folder, 'server.crt')), /: OK/)
    t.equal(textOf(folder, 'ca.crt'), authority)
  }
  copyFileSync(join(folder, 'server.key'), join(folder, 'ca.key')) // as if it had been killed between two files
  await ownCertificate(folder, Date.now())
  t.not(textOf(folder, 'ca.crt'), authority)
  t.match(verify(folder, join(folder, 'server.crt')), /: OK/)
  const other = t.testdir()
  await ownCertificate(other, Date.now())
  for (const file of ['ca.crt', 'ca.key']) copyFileSync(join(other, file), join(folder, file)) // another authority than its own
  await ownCertificate(folder, Date.now())
  t.match(verify(folder, join(folder, 'server.crt')), /: OK/)
})

t.test('its authority cannot pass for anybody outside of the house', async t => {
  const folder = t.testdir()
  await ownCertificate(folder, Date.now())
  const sign = (name: string, alternative: string): string => {
    const { cert } = makePair(
      folder,
      name,
      10,
      [
        ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `subjectAltName=${alternative}`]
      ],
      []
    )
    return verify(folder, cert)
  }
  t.match(sign('inside', 'DNS:localhost,IP:192.168.7.7'), /: OK/)
  t.match(sign('bank', 'DNS:bank.example'), /permitted subtree violation/)
  t.match(sign('address', 'IP:8.8.8.8'), /permitted subtree violation/)
})

t.test('without openssl, and without room, it is said what is missing', async t => {
  const path = process.env['PATH']
  t.teardown(() => {
    process.env['PATH'] = path
  })
  process.env['PATH'] = '/nowhere'
  const folder = join(t.testdir(), 'tls')
  await t.rejects(ownCertificate(folder, Date.now()), {
    message: /tls: no certificate can be made there: the program openssl is missing: apt install openssl$/
  })
  process.env['PATH'] = path
  const file = join(t.testdir({ file: 'x' }), 'file')
  await t.rejects(ownCertificate(file, Date.now()), { message: /no certificate can be made there: .*(EEXIST|ENOTDIR)/ })
  await ownCertificate(folder, Date.now())
})
