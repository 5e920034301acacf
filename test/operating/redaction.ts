/** Redaction: what is secret or private goes, and what helps stays. */
import t from 'tap'
import { redact } from '../../src/operating/redaction.ts'

t.test('secrets go, wherever they stand', async t => {
  const hash = '$7$101$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo+/=='
  const gone: readonly (readonly [text: string, left: string])[] = [
    [`anna:${hash}\n`, 'anna:[hash]\n'],
    [`{"line":"${hash}"}`, '{"line":"[hash]"}'],
    ['$2y$10$abcdefghijklmnopqrstuv, next', '[hash], next'],
    ['Authorization: Basic b3duZXI6c2VjcmV0', 'Authorization: [credentials]'],
    ['bearer abc.def-ghi', '[credentials]'],
    ['"password": "hunter 2", "next": 1', '"password": [secret], "next": 1'],
    ['passwd=hunter2&next', 'passwd=[secret]&next'],
    ['a token: abcdef', 'a token: [secret]'],
    ['run wattslug passwd\n\n== /health', 'run wattslug passwd\n\n== /health'],
    ['tcp://anna:hunter2@10.0.0.7:4000', 'tcp://[credentials]@10.0.0.7:4000'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\nabc\n-----END PRIVATE KEY-----\nnext', '[pem]\nnext'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE', '[pem]']
  ]
  for (const [text, left] of gone) t.equal(redact(text, []), left, JSON.stringify(text))
})

t.test('so does what is private', async t => {
  const gone: readonly (readonly [text: string, left: string])[] = [
    ['client at 203.0.113.7: too slow', 'client at [address]: too slow'],
    ['from 8.8.8.8:4711', 'from [address]:4711'],
    ['::ffff:198.51.100.1', '::ffff:[address]'],
    ['at 2001:db8::1.', 'at [address].'],
    ['[2001:db8:1:2:3:4:5:6]:80', '[[address]]:80'],
    ['aa:bb:cc:00:11:22', '[mac]'],
    ['/home/anna/house.toml: mqtt-port', '/home/[user]/house.toml: mqtt-port'],
    ['origins = https://house.example:8443,http://x', 'origins = https://[host]:8443,http://[host]'],
    ['meter.local has no Meter, meter-1 and ameter', '[name].local has no [name], meter-1 and ameter']
  ]
  for (const [text, left] of gone) t.equal(redact(text, ['meter']), left, text)
  t.equal(redact('Anna Lee (1), Anna, C++ and x', ['Anna', 'Anna Lee', 'C++', 'x', '']), '[name] (1), [name], [name] and x')
})

t.test('what helps stays', async t => {
  const kept = [
    '2026-11-22T18:40:12.123Z info 18:40:12, up since 10:00:00 (3 d 4 h)',
    'CC128-v1.29, Node v20.19.2, Linux 6.12.0-13-arm64, 57600 baud',
    '10.0.0.1 127.0.0.1 0.0.0.0 255.255.255.255 169.254.1.1 172.16.0.9 172.31.0.9 192.168.1.20',
    'http://127.0.0.1:8080/ http://localhost/ http://[::1]:80/ http://[fe80::1]/ fd00::2',
    '"password": true, password = none, "password":"set", password: unusable',
    'mosquitto (process 77) at /var/lib/wattslug, basics',
    'Access: changes need the password.'
  ]
  for (const text of kept) t.equal(redact(text, []), text)
  for (const address of ['172.15.0.1', '172.32.0.1', '192.169.0.1', '11.0.0.1']) t.equal(redact(address, []), '[address]', address)
})
