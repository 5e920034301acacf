/** Runs other programs: quietly with one line said of it, or in the foreground. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const tailLinesMax = 40

/** Says one line of what is being done. */
export const say = line => console.log(`wattslug: ${line}`)

/** The last lines of an output, enough to see what went wrong. */
export const tail = output => output.trimEnd().split('\n').slice(-tailLinesMax).join('\n')

/** Runs a command and keeps what it writes. Answers its exit code (127 if it cannot be started) and its output. */
export const capture = (command, args, { env = {}, cwd = root } = {}) =>
  new Promise(resolve => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = chunk => {
      output += chunk
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', error => resolve({ code: 127, output: `${command}: ${error.message}` }))
    child.on('close', (code, signal) => resolve({ code: code ?? exitCodeOf(signal), output }))
  })

/** Runs a command in the foreground, hands signals on to it and answers its exit code. */
export const foreground = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    // A terminal sends SIGINT to both; a second one from here would make the daemon leave without tidying up.
    const onInterrupt = () => process.stdin.isTTY || child.kill('SIGINT')
    const onTerminate = () => child.kill('SIGTERM')
    process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate).on('SIGHUP', onTerminate)
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? exitCodeOf(signal)))
  })

/** A failure that is the user's to read: printed without a stack. */
export const failure = message => Object.assign(new Error(message), { name: 'Failure' })

/** Runs a script's main function and turns what it answers or throws into the exit code. */
export const main = async act => {
  try {
    process.exitCode = (await act()) ?? 0
  } catch (error) {
    const isTold = error.name === 'Failure' || Array.isArray(error.errors) // esbuild's errors tell all in their message
    console.error(isTold ? `wattslug: ${error.message}` : error)
    process.exitCode = 1
  }
}

/** Shells report a death by signal as 128 and its number. */
const exitCodeOf = signal => 128 + (constants.signals[signal] ?? 0)
