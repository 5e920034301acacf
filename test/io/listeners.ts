/** Who listens at a port: real servers, and what only root sees in a tree of files. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { askMqtt, askTls, listenerAt } from '../../src/io/listeners.ts'

/** A server that answers what comes in its own way; answers its port. */
async function serve(t: Test, answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    answer(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function freePort(t: Test): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  t.equal(listenerAt(port), undefined)
  return port
}

t.test('MQTT answers a CONNECT, be it by a refusal', async t => {
  for (const code of [0, 5]) {
    const got: Buffer[] = []
    const port = await serve(t, socket =>
      socket.on('data', (bytes: Buffer) => got.push(bytes) === 1 && socket.write(Uint8Array.of(0x20, 2, 0, code)))
    )
    t.equal(await askMqtt('127.0.0.1', port), 'answers')
    t.equal(got[0]?.toString('latin1', 2, 8), '\0\x04MQTT')
  }
})

t.test('what does not speak it is mute, and where nobody listens it is free', async t => {
  t.equal(await askMqtt('127.0.0.1', await serve(t, socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))), 'mute')
  t.equal(await askMqtt('127.0.0.1', await serve(t, socket => socket.end())), 'mute')
  t.equal(await askMqtt('127.0.0.1', await serve(t, () => undefined)), 'mute', 'and who says nothing at all')
  t.equal(await askMqtt('127.0.0.1', await freePort(t)), 'free')
  t.equal((await askTls('127.0.0.1', await freePort(t))).kind, 'free')
  t.equal((await askTls('127.0.0.1', await serve(t, socket => socket.end('no TLS')))).kind, 'mute')
})

t.test('a real listener has a name', async t => {
  const port = await serve(t, () => undefined)
  t.match(listenerAt(port), new RegExp(`\\(process ${process.pid}\\)$`))
})

t.test("others' are seen by root only", async t => {
  const root = t.testdir({ proc: { net: {}, 77: { fd: {}, comm: 'mosquitto\n' } } })
  const row = (local: string, state: string, inode: number): string =>
    `   0: ${local} 00000000:0000 ${state} 0:0 00:0 0 112 0 ${inode} 1 0\n`
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
  writeFileSync(join(root, 'proc/net/tcp'), head + row('0100007F:075B', '01', 9) + row('0100007F:1F90', '0A', 10))
  writeFileSync(join(root, 'proc/net/tcp6'), head + row('00000000000000000000000000000000:075B', '0A', 11))
  t.equal(listenerAt(1883, root), undefined, 'whose files are hidden')
  symlinkSync('socket:[11]', join(root, 'proc/77/fd/5'))
  t.equal(listenerAt(1883, root), 'mosquitto (process 77)')
  t.equal(listenerAt(8080, root), undefined)
  mkdirSync(join(root, 'empty'))
  t.equal(listenerAt(1883, join(root, 'empty')), undefined, 'on a machine that hides everything')
})
