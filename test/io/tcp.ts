/** TCP links: the suite of every link, and what is TCP's own. */
import { connect } from 'node:net'
import t from 'tap'
import type { Link } from '../../src/io/link.ts'
import { makeTcpServer } from '../../src/io/tcp.ts'
import { limits } from '../../src/limits.ts'
import { testLink } from '../fixtures/io/link-suite.ts'
import { connectTcp } from '../fixtures/io/peers.ts'
import { listenOnFree } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'

await testLink(t, {
  name: 'TCP',
  async open(t) {
    const links: Link[] = []
    const server = makeTcpServer(link => links.push(link))
    const peer = await connectTcp(t, await listenOnFree(server))
    t.teardown(() => server.close())
    await until(() => links.length > 0, 'a link')
    const link = links[0] as Link
    t.equal(link.framing, 'bare')
    t.equal(link.peer, '127.0.0.1')
    return { link, peer }
  }
})

t.test('all links read into the same memory', async t => {
  const links: Link[] = []
  const server = makeTcpServer(link => links.push(link))
  t.teardown(() => server.close())
  const port = await listenOnFree(server)
  const peers = [await connectTcp(t, port), await connectTcp(t, port)]
  await until(() => links.length === peers.length, 'links')
  const memory = new Set<ArrayBufferLike>()
  let bytes = 0
  for (const link of links) {
    link.own({
      received(chunk) {
        memory.add(chunk.buffer)
        bytes += chunk.length
      },
      written: () => undefined,
      violated: () => undefined,
      closed: () => undefined
    })
  }
  for (const peer of peers) peer.send(Buffer.from('x'))
  await until(() => bytes === peers.length, 'bytes')
  t.equal(memory.size, 1, 'what this Node calls its insides is known')
})

t.test('a peer that does not close its side is cut off', async t => {
  const links: Link[] = []
  const server = makeTcpServer(link => links.push(link))
  t.teardown(() => server.close())
  const socket = connect({ host: '127.0.0.1', port: await listenOnFree(server), allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await until(() => links.length > 0, 'a link')
  let closes = 0
  links[0]?.own({ received: () => undefined, written: () => undefined, violated: () => undefined, closed: () => closes++ })
  links[0]?.end('client')
  await until(() => closes > 0, 'closed, within some seconds')
  t.equal(closes, 1)
})

t.test('connections past the bound are not taken', async t => {
  const links: Link[] = []
  const server = makeTcpServer(link => links.push(link))
  t.teardown(() => server.close())
  const port = await listenOnFree(server)
  const most = limits.clientsMax + 2 * limits.strangersMax
  const peers = await Promise.all(Array.from({ length: most + 1 }, () => connectTcp(t, port)))
  await until(() => peers.some(({ isClosed }) => isClosed), 'one is closed')
  t.equal(links.length, most)
  t.equal(peers.filter(({ isClosed }) => isClosed).length, 1)
})
