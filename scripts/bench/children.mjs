/** The bench's own processes: started with a clean environment, and ended by their ids, whatever way the bench itself ends. */
import { fork, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const running = new Set()
const stopMs = 2_000

/** Neither settings of the daemon nor flags of Node may leak in from the desk. */
const environment = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, HOME: process.env.HOME ?? '/', LANG: 'C.UTF-8' }

/** Starts a program whose output is kept: its last lines for the message of a failure, all of it for who listens to `heard`. */
export const start = (command, args, more = {}) => {
  const child = spawn(command, args, { env: { ...environment, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
  child.told = ''
  const take = chunk => {
    child.told = (child.told + chunk).slice(-4_000)
    child.emit('heard', chunk)
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  return remember(child)
}

/** Starts a script of this folder that takes commands as messages. */
export const startWorker = name =>
  remember(
    fork(fileURLToPath(new URL(name, import.meta.url)), { env: environment, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  )

/** Ends a child, by force if it does not go in time; done when it is gone. */
export const stop = async child => {
  if (!running.has(child)) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await gone
  clearTimeout(force)
}

/** Whether a child still runs. */
export const isRunning = child => running.has(child)

/** Sees to it that no child outlives the bench. */
export const endChildrenWithBench = tidy => {
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL')
    tidy()
  })
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129]
  ])
    process.on(signal, () => process.exit(code))
}

const remember = child => {
  running.add(child)
  child.on('error', error => {
    child.told = error.message
    running.delete(child)
  })
  child.on('exit', () => running.delete(child))
  return child
}
