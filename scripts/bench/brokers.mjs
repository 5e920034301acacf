/** Starts the brokers that are compared, each in a process of its own, on free ports of the loopback. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failure, root } from '../command.mjs'
import { isRunning, start, stop } from './children.mjs'

const startMs = 10_000
const bundle = join(root, 'dist/wattslug.cjs')

const unit = () => readFileSync(join(root, 'systemd/wattslug.service'), 'utf8').replaceAll('\\\n', ' ')

/** Flags that the service unit gives to Node. */
export const unitFlags = () => {
  const [, flags] = /^ExecStart=\S*node((?:\s+--\S+)*)/m.exec(unit()) ?? []
  if (flags === undefined) throw failure('systemd/wattslug.service has no ExecStart that runs node')
  return flags.split(/\s+/).filter(flag => flag !== '')
}

/** The environment that it gives. */
export const unitEnvironment = () =>
  Object.fromEntries([...unit().matchAll(/^Environment=(.*)$/gm)].flatMap(([, line]) => line.split(/\s+/).map(each => each.split('='))))

/** Bounds of wattslug for what its default, made for a small board, does not admit. */
export const wide = {
  'clients-max': 1_100,
  'strangers-max': 128,
  'sessions-max': 1_100,
  'retained-messages-max': 12_000,
  'retained-bytes-max': 16_777_216,
  'held-bytes-max': 1_073_741_824
}

/** How each is started, given its ports, a folder of its own and flags for Node. */
const commands = {
  wattslug: ({ tcpPort, webSocketPort, folder, nodeFlags, source = 'demo', zone = 'local', limits = {} }) => {
    const settings = ['--source', source, '--zone', zone, '--host', '127.0.0.1', '--state', folder, '--access', 'open']
    const ports = ['--mqtt-port', String(tcpPort), '--http-port', String(webSocketPort)]
    const bounds = Object.entries(limits).flatMap(([name, value]) => ['--limit', `${name}=${value}`])
    return [process.execPath, [...(nodeFlags ?? unitFlags()), bundle, 'run', ...settings, ...ports, ...bounds]]
  },
  /** wattslug without meters, page and store. */
  alone: ({ tcpPort, webSocketPort, scratch }) => [
    process.execPath,
    [...unitFlags(), join(scratch, 'alone.cjs'), String(tcpPort), String(webSocketPort)]
  ],
  /** The same with a store. */
  stored: ({ folder, ...where }) => {
    const [command, args] = commands.alone(where)
    return [command, [...args, folder]]
  },
  mosquitto: ({ tcpPort, webSocketPort, folder, mosquittoMore }) => {
    const config = join(folder, 'mosquitto.conf')
    writeFileSync(config, mosquittoConfig(tcpPort, webSocketPort, mosquittoMore))
    return ['mosquitto', ['-c', config]]
  },
  aedes: ({ tcpPort, webSocketPort, scratch, nodeFlags = [] }) => [
    process.execPath,
    [...nodeFlags, join(scratch, 'aedes.cjs'), String(tcpPort), String(webSocketPort)]
  ],
  null: ({ tcpPort, webSocketPort, nodeFlags = [] }) => [
    process.execPath,
    [...nodeFlags, fileURLToPath(new URL('null.mjs', import.meta.url)), String(tcpPort), String(webSocketPort)]
  ]
}

const mosquittoConfig = (tcpPort, webSocketPort, more) => `per_listener_settings false
allow_anonymous true
persistence false
log_type error
${more}
listener ${tcpPort} 127.0.0.1
listener ${webSocketPort} 127.0.0.1
protocol websockets
`

/** Makes aedes one file, as wattslug is one: loaded module by module it would need more memory than it has to. */
export const bundleAedes = async scratch => {
  const { build } = await import('esbuild') // not before it is installed
  await build({
    entryPoints: [fileURLToPath(new URL('aedes.mjs', import.meta.url))],
    outfile: join(scratch, 'aedes.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'error'
  })
}

let started = 0

/**
 * Starts a broker; done when it listens on both ports. `listenMs` tells how long the first took.
 * @param folder what wattslug goes on from; else it is an empty one @param zone of its days @param limits bounds that it is to have
 * @param mosquittoMore lines of mosquitto's configuration @param wrap makes another command of the command
 */
export const startBroker = async (kind, { scratch, folder, mosquittoMore = '', wrap = (...command) => command, ...more }) => {
  const [tcpPort, webSocketPort] = await freePorts(2)
  const own = folder ?? join(scratch, `${kind}-${started++}`)
  mkdirSync(own, { recursive: true })
  const [command, args] = wrap(...commands[kind]({ ...more, tcpPort, webSocketPort, folder: own, scratch, mosquittoMore }))
  const startedAt = performance.now()
  const child = start(command, args, ['wattslug', 'alone', 'stored'].includes(kind) ? unitEnvironment() : {})
  try {
    await listening(child, kind, tcpPort)
    const listenMs = performance.now() - startedAt
    await listening(child, kind, webSocketPort)
    return { kind, pid: child.pid, child, ports: { tcp: tcpPort, ws: webSocketPort }, startedAt, listenMs, stop: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw error
  }
}

/** Until a port answers: tried each millisecond. */
const listening = async (child, kind, port) => {
  const endAt = performance.now() + startMs
  while (!(await answers(port))) {
    if (!isRunning(child)) throw failure(`${kind} did not start:\n${child.told}`)
    if (performance.now() > endAt) throw failure(`${kind} does not listen on port ${port}:\n${child.told}`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

const answers = port =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Ports that nobody has now; they are asked for together, so that they differ. */
const freePorts = async count => {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer().on('error', reject)
          server.listen(0, '127.0.0.1', () => resolve(server))
        })
    )
  )
  const ports = servers.map(server => server.address().port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
