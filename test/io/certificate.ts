/** Certificates and keys that are good, and what is said of those that are not. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readCertificate } from '../../src/io/certificate.ts'
import { limits } from '../../src/limits.ts'
import { makePair } from '../fixtures/io/tls.ts'

const folder = t.testdir()
const good = makePair(folder)
const other = makePair(folder, 'other')

t.test('a pair that fits, with those who signed it behind', async t => {
  const found = await readCertificate(good.cert, good.key)
  t.equal(found.names, 'DNS:localhost, IP Address:127.0.0.1')
  t.ok(found.fromMs <= Date.now() + 1_000 && found.toMs > Date.now() + 99 * 86_400_000)
  const chain = join(folder, 'chain.crt')
  writeFileSync(chain, readFileSync(good.cert, 'latin1') + readFileSync(other.cert, 'latin1'))
  t.equal((await readCertificate(chain, good.key)).cert, readFileSync(chain, 'latin1'))
})

t.test('an RSA key does as well', async t => {
  const { cert, key } = makePair(folder, 'rsa', 10, ['-newkey', 'rsa:2048'])
  t.match(await readCertificate(cert, key), { names: /localhost/ })
})

t.test('both in one file', async t => {
  const both = join(folder, 'both.pem')
  writeFileSync(both, readFileSync(good.key, 'latin1') + readFileSync(good.cert, 'latin1'))
  t.match(await readCertificate(both, both), { names: /localhost/ })
})

t.test('what is wrong is told with the file, and nothing of what stands in it', async t => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const encrypted = file('encrypted.key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nsecret\n-----END ENCRYPTED PRIVATE KEY-----\n')
  const cases: readonly (readonly [cert: string, key: string, RegExp])[] = [
    [join(folder, 'missing.crt'), good.key, /missing\.crt: there is no such file$/],
    [good.cert, join(folder, 'missing.key'), /missing\.key: there is no such file$/],
    [folder, good.key, /: this is a folder, and no file$/],
    [pipe, good.key, /pipe: this is no plain file$/],
    [good.cert, pipe, /pipe: this is no plain file$/],
    [file('empty.crt', ''), good.key, /empty\.crt: no certificate in PEM$/],
    [file('text.crt', 'hello'), good.key, /text\.crt: no certificate in PEM$/],
    [file('half.crt', readFileSync(good.cert, 'latin1').slice(0, 200)), good.key, /half\.crt: no certificate in PEM$/],
    [good.key, good.key, /server\.key: no certificate in PEM$/],
    [file('long.crt', 'x'.repeat(limits.certificateBytesMax + 1)), good.key, /long\.crt: longer than 65536 bytes$/],
    [good.cert, good.cert, /server\.crt: no private key in PEM$/],
    [good.cert, file('half.key', readFileSync(good.key, 'latin1').slice(0, 100)), /half\.key: no private key in PEM$/],
    [good.cert, encrypted, /encrypted\.key: the key is encrypted/],
    [good.cert, other.key, /other\.key: this is the key of another certificate than the first in .*server\.crt$/]
  ]
  for (const [cert, key, expected] of cases) await t.rejects(readCertificate(cert, key), { message: expected })
})

t.test('a key that may not be read', { skip: process.getuid?.() === 0 && 'root may read everything' }, async t => {
  const locked = join(folder, 'locked.key')
  copyFileSync(good.key, locked)
  chmodSync(locked, 0)
  await t.rejects(readCertificate(good.cert, locked), { message: /locked\.key: wattslug may not read it$/ })
})
