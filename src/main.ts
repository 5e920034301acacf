/** The program: reads what the command line asks for, does it, and ends with an exit code that tells. */
import { randomInt } from 'node:crypto'
import { type Command, type Config, ConfigError, helpText, readCommand } from './config.ts'
import { startDaemon } from './daemon.ts'
import { systemClock } from './io/clock.ts'
import { makeDemoSource } from './io/demo.ts'
import { isJournal, type Log, LogTail, makeLog, makeSpeech } from './io/log.ts'
import { setPassword } from './io/passwd.ts'
import { makeRemoteSource } from './io/remote.ts'
import { makeReplaySource } from './io/replay.ts'
import { makeSerialSource } from './io/serial.ts'
import type { Source } from './io/source.ts'
import { findSystem } from './io/systemd.ts'
import { limits, setLimits } from './limits.ts'
import { record } from './record.ts'
import type { SourceSetting } from './settings.ts'

const version = typeof __WATTSLUG_VERSION__ === 'string' ? __WATTSLUG_VERSION__ : 'unbuilt'

/** Exit codes: 0 all is well, 1 it could not be done, 2 wrong settings. */
async function main(): Promise<void> {
  // A log that cannot be written, on a full disk or to a reader that is gone, stops nothing.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const tail = new LogTail()
  const journal = isJournal(process.stderr.fd, process.env['JOURNAL_STREAM'])
  const write = (line: string): boolean => process.stderr.write(line)
  const dated = makeLog(write, journal, systemClock.wallMs, tail)
  // Who waits for a command is told plainly; what a daemon tells is read later.
  let log = journal ? dated : makeSpeech(write, systemClock.wallMs)
  try {
    const command = readCommand(process.argv.slice(2), process.env)
    if (command.name === 'run') log = dated
    process.exitCode = await obey(command, log, tail)
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error))
    process.exitCode = error instanceof ConfigError ? 2 : 1
  }
}

async function obey(command: Command, log: Log, tail: LogTail): Promise<number> {
  if ('fault' in command && command.fault !== undefined) process.stderr.write(`wattslug: ${command.fault}\n`)
  switch (command.name) {
    case 'help':
      process.stdout.write(helpText())
      return 0
    case 'version':
      process.stdout.write(`wattslug ${version}\n`)
      return 0
    case 'run':
      return run(command.config, log, tail)
    case 'record':
      return record(command.config, command.file, makeSources(command.config, log), systemClock, log, stopSignal())
    case 'doctor':
      return visitDoctor(command, log)
    case 'passwd':
      return setPassword(command.config.state, process.stdin, process.stdout)
    // Loaded when they are wanted: what they need of Node would be memory for nothing in the daemon.
    case 'status':
      return (await import('./status.ts')).tellStatus(command.config, command.passwordFile)
    case 'backup':
      return (await import('./backup.ts')).backUp(command.config, command.file, command.passwordFile)
    case 'restore':
      return (await import('./backup.ts')).restore(command.config, command.file, command.passwordFile)
  }
}

async function visitDoctor({ config, settings, report }: Extract<Command, { name: 'doctor' }>, log: Log): Promise<number> {
  const patient = { config, settings, sources: () => makeSources(config, log), version, clock: systemClock, stopped: stopSignal() }
  if (report !== undefined) return (await import('./support.ts')).writeReport(patient, report)
  return (await import('./doctor.ts')).consult(patient, line => process.stdout.write(`${line}\n`))
}

async function run(config: Config, log: Log, tail: LogTail): Promise<number> {
  const stopped = stopSignal() // heard from the first moment on
  setLimits(config.limits)
  const sources = makeSources(config, log)
  for (const notice of config.notices) log.notice(notice)
  const started = startDaemon(config, sources, version, systemClock, log, tail, findSystem(process.env, process.pid))
  // On a terminal it means that the terminal is gone, and ends the program as usual.
  if (![process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY))
    process.on(
      'SIGHUP',
      () =>
        void started.then(
          ({ reload }) => reload(readAgain),
          () => undefined
        )
    )
  const daemon = await Promise.race([started, stopped])
  if (typeof daemon === 'string') {
    log.info(`${daemon}: stopping before it was up`)
    process.exit(0) // whatever the start waits for; the next one begins anew
  }
  if (sources.some(source => source.simulated)) log.notice('the meter is SIMULATED: what is shown is no real house')
  const signal = await stopped
  log.info(`${signal}: stopping`)
  setTimeout(() => process.exit(0), limits.stopMs).unref() // what still lingers is cut off
  await daemon.stop()
  return 0
}

/** The settings as they are now. @throws ConfigError */
function readAgain(): Config {
  const command = readCommand(process.argv.slice(2), process.env)
  if (command.name !== 'run') throw new ConfigError(`the command is ${command.name}`)
  return command.config
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}

function makeSources(config: Config, log: Log): readonly Source[] {
  return config.sources.map(setting => makeSource(setting, config, log))
}

function makeSource(setting: SourceSetting, config: Config, log: Log): Source {
  switch (setting.kind) {
    case 'demo': {
      const source = makeDemoSource(randomInt(2 ** 31), systemClock)
      log.info(`the simulated meter's seed is ${source.seed}`)
      return source
    }
    case 'remote':
      return makeRemoteSource(setting.host, setting.port)
    case 'replay':
      return makeReplaySource(setting.path, config.speed, systemClock)
    case 'serial':
      return makeSerialSource(setting.path, config.baud)
  }
}

void main()
