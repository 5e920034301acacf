/** What the doctor says: what was found of ports and meters, in plain words, and what to do next. */
import type { Health } from './health.ts'
import { describe, type MeterStatus } from './watch.ts'

/** A serial port of this machine. */
interface PortFinding {
  readonly path: string
  /** The USB adapter it is, if that is a known one. */
  readonly adapter?: string | undefined
  /** Whether this user may open it. */
  readonly allowed: boolean
  /** Who else holds it. */
  readonly holder: string | undefined
}

/** A meter, or the place where one was looked for. */
export interface MeterFinding {
  readonly name: string
  readonly baud: number | undefined
  readonly status: MeterStatus
  readonly health: Health
  /** How far the meter's clock is ahead of this machine's, in ms; or why that is not known. */
  readonly clock: { readonly aheadMs: number } | { readonly unknown: string }
}

/** Everything that was found. */
export interface Findings {
  readonly ports: readonly PortFinding[]
  readonly meters: readonly MeterFinding[]
}

/** The report's lines, whether all is well, and what to do next, if something is to be done. */
export function diagnose({ ports, meters }: Findings): {
  readonly lines: readonly string[]
  readonly well: boolean
  readonly next: string | undefined
} {
  const isRead = meters.some(({ status }) => status.state === 'live')
  const advice = meters.filter(({ status }) => status.state !== 'live').map(adviceOf)
  const missing = isRead ? undefined : "Plug in the meter's cable."
  return {
    lines: [
      'Serial ports of this machine:',
      ...(ports.length > 0
        ? ports.map(port => `  ${port.path}${port.adapter === undefined ? '' : ` (${port.adapter})`}: ${describePort(port, meters)}`)
        : ['  none']),
      ...meters.flatMap(describeMeter)
    ],
    // One that is only being opened is no trouble while others are read.
    well: isRead && meters.every(({ status }) => status.state === 'live' || status.state === 'connecting'),
    next: advice.length > 0 ? advice.join(' ') : missing
  }
}

/** A port that is open and mute is told as silent much later only. */
function adviceOf({ status, health }: MeterFinding): string {
  const isMute = status.state === 'connecting' && health.bytes === 0
  return isMute ? `${status.message} If none comes, check the cable at the meter's side, and that its display is on.` : status.message
}

function describePort({ path, allowed, holder }: PortFinding, meters: readonly MeterFinding[]): string {
  if (meters.some(({ name, status }) => name === path && status.state === 'live')) return 'a meter is read there'
  if (holder !== undefined) return `held by ${holder}`
  return allowed
    ? 'free, and you may open it'
    : 'you may not open it: add yourself to the group dialout (sudo usermod -aG dialout $USER) and log in again'
}

function describeMeter({ name, baud, status, health, clock }: MeterFinding): readonly string[] {
  const { bytes, model, sensors, lastFault } = health
  return [
    '',
    `Meter at ${name}${baud === undefined ? '' : `, ${baud} baud`}:`,
    `  ${status.state}: ${status.message}`,
    `  ${bytes} bytes heard${model === undefined ? '' : ` of a ${model}`}`,
    ...sensors.map(({ sensor, messagesPerMinute, lossRate, silentMs }) => {
      const loss = lossRate === undefined ? 'too early to tell what radio loses' : `${Math.round(lossRate * 100)} % lost by radio`
      return `  sensor ${sensor}: ${messagesPerMinute.toFixed(1)} messages a minute, ${loss}, last heard ${seconds(silentMs)} ago`
    }),
    `  last fault: ${lastFault ? `${describe(lastFault.fault)}, ${seconds(lastFault.agoMs)} ago` : 'none'}`,
    `  its clock: ${describeClock(clock)}`
  ]
}

function describeClock(clock: MeterFinding['clock']): string {
  if ('unknown' in clock) return `not known (${clock.unknown})`
  const minutes = Math.round(Math.abs(clock.aheadMs) / 60_000)
  if (minutes === 0) return 'right to the minute'
  const told = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${told} ${clock.aheadMs > 0 ? 'ahead of' : 'behind'} this machine's; history is placed by this machine's clock all the same`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
