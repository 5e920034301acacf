/** `npm start` and `npm run demo`: builds if need be, then runs the daemon in the foreground with the arguments given. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { build } from './build.mjs'
import { foreground, main, root, say } from './command.mjs'
import { checkNode, installPackages } from './setup.mjs'

/** The daemon's doors and where they are unless one says otherwise. */
const doors = [
  { option: '--mqtt-port', variable: 'WATTSLUG_MQTT_PORT', port: 1883, name: 'MQTT' },
  { option: '--http-port', variable: 'WATTSLUG_HTTP_PORT', port: 8080, name: 'the page' }
]

const isFree = port =>
  new Promise(resolve => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })

const isGiven = (args, option) => args.some(arg => arg === option || arg.startsWith(`${option}=`))

const isDemo = args => args.some((arg, index) => arg === '--source=demo' || (arg === '--source' && args[index + 1] === 'demo'))

/** The demo comes up on any machine: where a usual port is taken, a free one is asked for. */
const portsForDemo = async args => {
  const added = []
  for (const { option, variable, port, name } of doors) {
    if (isGiven(args, option) || process.env[variable] !== undefined || (await isFree(port))) continue
    say(`port ${port} is taken on this machine, so ${name} gets a free one`)
    added.push(option, '0')
  }
  return added
}

await main(async () => {
  const args = process.argv.slice(2)
  checkNode()
  await installPackages()
  await build()
  const ports = isDemo(args) ? await portsForDemo(args) : []
  return foreground(process.execPath, [join(root, 'dist/wattslug.cjs'), 'run', ...args, ...ports])
})
