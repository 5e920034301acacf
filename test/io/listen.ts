/** Ports: taken, or why not, in words. */
import { createServer } from 'node:net'
import t from 'tap'
import { ListenError, listen, reachableHosts } from '../../src/io/listen.ts'

t.test('a free port is found, and a named one is taken', async t => {
  const server = createServer()
  const port = await listen(server, '127.0.0.1', 0, 'mqtt-port')
  t.ok(port > 0)
  server.close()
  const again = createServer()
  t.equal(await listen(again, '127.0.0.1', port, 'mqtt-port'), port)
  again.close()
})

t.test('a port that is taken: the message names the setting', async t => {
  const first = createServer()
  t.teardown(() => first.close())
  const port = await listen(first, '127.0.0.1', 0, 'mqtt-port')
  await t.rejects(
    listen(createServer(), '127.0.0.1', port, 'http-port'),
    new ListenError(`port ${port} is taken by another program: stop that, or choose another with --http-port (0 takes a free one)`)
  )
})

t.test('an address of another machine', async t => {
  const message = (host: string) => `${host} is no address of this machine: choose another with --host (0.0.0.0 is every one)`
  await t.rejects(listen(createServer(), '192.0.2.1', 0, 'mqtt-port'), new ListenError(message('192.0.2.1')))
})

t.test('each of the system answers has its words', async t => {
  const words: readonly (readonly [code: string, message: RegExp])[] = [
    ['EACCES', /^port 80 may not be used by this user: choose one above 1023 with --http-port$/],
    ['EADDRNOTAVAIL', /^host is no address of this machine/],
    ['ENOTFOUND', /^host is no address of this machine/],
    ['EINVAL', /^host is no address of this machine/],
    ['EMFILE', /^port 80 on host cannot be had \(too many open files\)$/]
  ]
  for (const [code, message] of words) {
    const server = createServer()
    server.listen = (() => {
      server.emit('error', Object.assign(new Error('too many open files'), { code }))
      return server
    }) as typeof server.listen
    await t.rejects(listen(server, 'host', 80, 'http-port'), { constructor: ListenError, message }, code)
  }
})

t.test('an accept that fails later does not end the program', async t => {
  const server = createServer()
  t.teardown(() => server.close())
  await listen(server, '127.0.0.1', 0, 'mqtt-port')
  t.doesNotThrow(() => server.emit('error', new Error('too many open files')))
})

t.test('where it can be reached', async t => {
  t.strictSame(reachableHosts('192.168.1.5'), ['192.168.1.5'])
  t.strictSame(reachableHosts('meter.lan'), ['meter.lan'])
  t.strictSame(reachableHosts('::1'), ['[::1]'], 'as it stands in an address bar')
  for (const every of ['0.0.0.0', '::']) {
    const hosts = reachableHosts(every)
    t.equal(hosts[0], 'localhost')
    t.ok(hosts.slice(1).every(host => /^\d+\.\d+\.\d+\.\d+$/.test(host) && !host.startsWith('127.')))
  }
})
