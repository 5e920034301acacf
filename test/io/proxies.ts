/** Who a client is behind proxies: what is believed of X-Forwarded-For, and of whom. */
import t from 'tap'
import { clientAddress, makeProxies, networkOf } from '../../src/io/proxies.ts'

const nobody = makeProxies([])
const house = makeProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8', '::1'])

t.test('what is no list', async t => {
  for (const wrong of ['', 'proxy', '1.2.3', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/8/8', '::/129', '1.2.3.4/-1', 'fe80::1%eth0/200']) {
    t.throws(() => makeProxies(['127.0.0.1', wrong]), { message: `${wrong} is no address and no network` })
  }
})

t.test('the client is the first from the right that is no proxy of ours', async t => {
  const rows: readonly (readonly [peer: string, forwarded: string | undefined, address: string])[] = [
    ['127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['::1', '192.0.2.7', '192.0.2.7'],
    ['::ffff:127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['fd12::9', ' 2001:db8::1 ', '2001:db8::1'],
    ['127.0.0.1', '192.0.2.7, 10.1.2.3', '192.0.2.7'],
    ['127.0.0.1', '203.0.113.5, 192.0.2.7,10.1.2.3,127.0.0.1', '192.0.2.7'],
    ['127.0.0.1', 'nonsense, 192.0.2.7', '192.0.2.7'],
    ['127.0.0.1', '10.1.2.3, 10.9.9.9', '10.1.2.3'],
    ['127.0.0.1', '192.0.2.7:51234', '192.0.2.7'],
    ['127.0.0.1', '[2001:db8::1]:51234, 10.1.2.3:80', '2001:db8::1'],
    ['127.0.0.1', '[2001:db8::1]', '2001:db8::1'],
    ['127.0.0.1', '::ffff:192.0.2.7', '192.0.2.7']
  ]
  for (const [peer, forwarded, address] of rows) t.equal(clientAddress(peer, forwarded, house), address, `${forwarded} from ${peer}`)
})

t.test('what nobody that is trusted wrote, or is ill-formed, counts for nothing', async t => {
  for (const forwarded of [
    undefined,
    '',
    ' ',
    ',',
    '192.0.2.7,',
    'unknown',
    'nonsense, 10.1.2.3',
    '192.0.2.7 10.0.0.1',
    '1.2.3.4.5',
    '[::1'
  ]) {
    t.equal(clientAddress('127.0.0.1', forwarded, house), '127.0.0.1', `${forwarded}`)
  }
  t.equal(clientAddress('192.0.2.1', '192.0.2.7', house), '192.0.2.1', 'from elsewhere')
  t.equal(clientAddress('11.0.0.1', '192.0.2.7', house), '11.0.0.1', 'from beside the network')
  t.equal(clientAddress('127.0.0.1', '192.0.2.7', nobody), '127.0.0.1', 'without proxies')
  t.equal(clientAddress('::ffff:192.0.2.1', undefined, nobody), '192.0.2.1')
  t.equal(clientAddress('nowhere', '192.0.2.7', house), 'nowhere')
})

t.test('an address with a zone does no harm', async t => {
  t.equal(clientAddress('fe80::1%eth0', '192.0.2.7', house), 'fe80::1%eth0')
  t.equal(clientAddress('fe80::1%eth0', '192.0.2.7', makeProxies(['fe80::/10'])), '192.0.2.7')
  t.equal(clientAddress('127.0.0.1', 'fe80::1%eth0, 10.0.0.1', house), 'fe80::1%eth0')
})

t.test('a home is one by IPv6; by IPv4 each address is its own, in whatever it stands', async t => {
  const same = [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    ['::ffff:192.0.2.1', '192.0.2.1']
  ] as const
  const others = [
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2'],
    ['192.0.2.1', '192.0.2.2']
  ] as const
  for (const [one, other] of same) t.equal(networkOf(one), networkOf(other), `${one} ${other}`)
  for (const [one, other] of others) t.not(networkOf(one), networkOf(other), `${one} ${other}`)
})
