/** `wattslug doctor --report FILE`: all that the doctor says, with the daemon's numbers and the last lines of the log, but nothing secret or private. */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { DeviceAnswer, NowAnswer } from './api.ts'
import { consult, type Patient } from './doctor.ts'
import { ask, askFor, type Daemon, findDaemon, readAnswer } from './io/ask.ts'
import { whyUnwritable } from './io/named-file.ts'
import { attempt } from './io/ports.ts'
import { readJournal } from './io/service.ts'
import { limits } from './limits.ts'
import { describeTime } from './operating/amounts.ts'
import { redact } from './operating/redaction.ts'

const head =
  'Secrets, names, and addresses outside the house were taken out. Read it all the same before you give it away: it tells how much electricity is drawn.'

/** Writes it; `-` is the screen. What is there already is not overwritten. @throws Error when it cannot be written */
export async function writeReport(patient: Patient, file: string): Promise<number> {
  const { config, version, clock } = patient
  if (file !== '-') checkTarget(file) // before the doctor listens for long
  const told: string[] = []
  await consult(patient, line => told.push(line))
  const daemon = await findDaemon(config)
  const sections = [
    `wattslug ${version}, support file of ${describeTime(clock.wallMs())}\n${head}`,
    `== Doctor\n${told.join('\n')}`,
    ...(daemon ? await tellDaemon(daemon) : []),
    `== Journal\n${(await readJournal(limits.reportLinesMax)) ?? 'There is none for this user.'}`
  ]
  const text = redact(`${sections.join('\n\n')}\n`, [...privateWords(config.users), ...(daemon ? await sensorNames(daemon) : [])])
  if (file === '-') process.stdout.write(text)
  else {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    process.stdout.write(`${file} is written. Read it before you give it away.\n`)
  }
  return 0
}

/** @throws Error when it is there, or cannot be */
function checkTarget(file: string): void {
  if (existsSync(file)) throw new Error(`${file} is there already, and nothing is overwritten`)
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    throw new Error(`${file}: ${whyUnwritable(error as Error)}`)
  }
}

/** What it answers; a log without the journal is its own. */
async function tellDaemon(daemon: Daemon): Promise<readonly string[]> {
  const texts = ['/health', '/api/device', '/api/meters', '/metrics'].map(async path => {
    const answer = await ask(daemon, path)
    const value = readAnswer<DeviceAnswer>(answer)
    const text = answer?.text.replaceAll(/,name="(?:[^"\\]|\\.)*"/g, '') ?? 'no answer'
    return `== ${path}\n${value === undefined ? text : JSON.stringify(value, withoutNames, 1)}`
  })
  return Promise.all(texts)
}

/** What users call their sensors is no business of others. */
function withoutNames(key: string, value: unknown): unknown {
  return key === 'settings' && typeof value === 'object' ? { ...value, name: undefined } : value
}

/** Names that stand nowhere else in the report but by accident. */
function privateWords(users: string | undefined): readonly string[] {
  const lines = (users === undefined ? undefined : attempt(() => readFileSync(users, 'utf8').split('\n'))) ?? []
  const names = lines.flatMap(line => (line.startsWith('#') || !line.includes(':') ? [] : [line.slice(0, line.indexOf(':'))]))
  const machine = hostname()
  return [...names, machine, machine.split('.', 1)[0] ?? ''].filter(word => !['localhost', 'wattslug'].includes(word))
}

async function sensorNames(daemon: Daemon): Promise<readonly string[]> {
  const now = await askFor<NowAnswer>(daemon, '/api/now')
  return now?.sensors.flatMap(({ name }) => name ?? []) ?? []
}
