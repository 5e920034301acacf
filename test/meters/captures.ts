/** Real captures, where the folder that holds them exists: each must come out as its source says. None of them is in the project. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { outcomesOf } from '../fixtures/meters/wire.ts'

const samples = new URL('../../../shared/currentcost/samples/', import.meta.url)
const streams = new URL('streams/', samples)

interface Tally {
  readonly messages: number
  readonly readings: number
  readonly history: number
  readonly faults: Readonly<Record<string, number>>
}

const oneReading: Tally = { messages: 1, readings: 1, history: 0, faults: {} }
const oneHistory: Tally = { messages: 1, readings: 0, history: 1, faults: {} }

/** Samples, one message a file, that are not simply one reading or one history message. */
const peculiar: Readonly<Record<string, Tally>> = {
  'cc128-v0.11-two-msgs-one-line.xml': { ...oneReading, messages: 2, readings: 2 },
  'cc128-v1.29-live-prefixed-0xFC.xml': { ...oneReading, faults: { 'bytes-outside-message': 1 } },
  'classic-cc02-v1.06-truncated.xml': { ...oneReading, messages: 0, readings: 0 },
  'classic-cc02-v1.06-live-hist.xml': { ...oneReading, history: 1 },
  'classic-cc02-v1.06-live-hist-fresh.xml': { ...oneReading, history: 1 },
  // Its author put an XML header before the message.
  'classic-cc02-v1.07-live-hist-multiline.xml': { ...oneReading, history: 1, faults: { 'bytes-outside-message': 1 } },
  'partial-then-next-msg.xml': { messages: 2, readings: 2, history: 0, faults: { 'message-cut-short': 1 } }
}

/** Whole captures. */
const long: Readonly<Record<string, Tally>> = {
  'cc128-v0.11-3phase-7min-pastafarian.txt': { messages: 68, readings: 68, history: 0, faults: {} },
  // The logger wrote a line of its own after each message; the last one is followed by no message and therefore not told.
  'cc128-v1.16-13h-arunh.out': { messages: 7774, readings: 7019, history: 755, faults: { 'bytes-outside-message': 7773 } },
  'cc128-v1.29-ondemand-mirrored000.data': { messages: 19, readings: 12, history: 7, faults: { 'bytes-outside-message': 1 } },
  'cc128-v1.31-2min-bleep1.xml': { messages: 76, readings: 63, history: 13, faults: {} }
}

function tallyOf(bytes: Uint8Array): Tally {
  let messages = 0
  let readings = 0
  let history = 0
  const faults: Record<string, number> = {}
  for (const outcome of outcomesOf(bytes)) {
    if (outcome.kind === 'fault') {
      faults[outcome.fault.kind] = (faults[outcome.fault.kind] ?? 0) + 1
      continue
    }
    messages += 1
    readings += outcome.readings.length
    history += outcome.history === undefined ? 0 : 1
  }
  return { messages, readings, history, faults }
}

function row(name: string, { messages, readings, history, faults }: Tally): string {
  const told = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`)
  return [name.padEnd(55), String(messages).padStart(8), String(readings).padStart(8), String(history).padStart(7), ...told].join(' ')
}

function check(folder: URL, expected: (name: string) => Tally | undefined): void {
  const files = readdirSync(folder).filter(name => /\.(xml|txt|out|data)$/.test(name))
  for (const name of files) {
    t.test(name, async t => {
      const tally = tallyOf(readFileSync(new URL(name, folder)))
      t.comment(row(name, tally))
      t.strictSame(tally, expected(name))
    })
  }
}

if (existsSync(samples)) {
  t.comment(`${'capture'.padEnd(55)} messages readings history faults`)
  check(samples, name => peculiar[name] ?? (/-live|-impulse|-imp\b/.test(name) ? oneReading : oneHistory))
  check(streams, name => long[name])
} else {
  t.comment(`no captures at ${samples.pathname}: nothing to compare, the fixtures of the project stand alone`)
}
