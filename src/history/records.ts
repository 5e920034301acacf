/** How a sensor's totals are written down: small, for they are written often. */
import type { ImpulsePoint, ImpulseState } from './impulses.ts'
import type { ByChannel, PowerPoint } from './integrate.ts'

/** What a sensor of power has come to. */
export interface PowerRecord {
  readonly measuredWh: number
  readonly channelsWh: ByChannel
  /** Which channels ever spoke, as bits from 1. */
  readonly channelBits: number
  readonly last: PowerPoint
}

/** What seldom changes: since when a sensor is measured, and what was filled in. */
export interface PastRecord {
  /** The first measured reading under a clock that was set; 0 before there is one. */
  readonly sinceMs: number
  readonly backfilledWh: number
  /** Measured since then while the clock was not set: what is filled in later tells of it again. */
  readonly undatedWh: number
}

/** What a pulse counter has come to. */
export interface ImpulseRecord extends ImpulseState {
  readonly units: number
  readonly sinceMs: number
}

const version = 2
const powerBytes = 20
const channelBytes = 12
const impulseBytes = 15
const undatedBytes = 8
const pointBytes = 18

/**
 *     byte 0  version           10  last ms, 48 bits
 *          1  channel bits      16  last watts, float32
 *          2  Wh, float64       20  each channel that ever spoke, if there are several: [ Wh, float64 | last watts, float32 ]
 */
export function encodePower({ measuredWh, channelsWh, channelBits, last }: PowerRecord): Uint8Array {
  const channels = ownChannelsOf(channelBits)
  const view = new DataView(new ArrayBuffer(powerBytes + channelBytes * channels.length))
  view.setUint8(0, version)
  view.setUint8(1, channelBits)
  view.setFloat64(2, measuredWh)
  setTime(view, 10, last.atMs)
  view.setFloat32(16, last.watts)
  for (const [place, channel] of channels.entries()) {
    view.setFloat64(powerBytes + channelBytes * place, channelsWh[channel])
    view.setFloat32(powerBytes + channelBytes * place + 8, last.channelsWatts[channel])
  }
  return bytesOf(view)
}

export function decodePower(bytes: Uint8Array | undefined): PowerRecord | undefined {
  const view = viewOf(bytes, powerBytes)
  if (view === undefined) return undefined
  const channelBits = view.getUint8(1)
  const channels = ownChannelsOf(channelBits)
  if (view.byteLength !== powerBytes + channelBytes * channels.length) return undefined
  const [measuredWh, watts] = [view.getFloat64(2), view.getFloat32(16)]
  const only = (channel: number, value: number): number => (channelBits === 1 << channel ? value : 0)
  const channelsWh: [number, number, number] = [only(0, measuredWh), only(1, measuredWh), only(2, measuredWh)]
  const channelsWatts: [number, number, number] = [only(0, watts), only(1, watts), only(2, watts)]
  for (const [place, channel] of channels.entries()) {
    channelsWh[channel] = view.getFloat64(powerBytes + channelBytes * place)
    channelsWatts[channel] = view.getFloat32(powerBytes + channelBytes * place + 8)
  }
  const last = { atMs: getTime(view, 10), watts, channelsWatts }
  return { measuredWh, channelsWh, channelBits, last }
}

/**     version | since ms, 48 bits | Wh filled in, float64 | Wh undated, float64, if there are any */
export function encodePast({ sinceMs, backfilledWh, undatedWh }: PastRecord): Uint8Array {
  const view = new DataView(new ArrayBuffer(impulseBytes + (undatedWh > 0 ? undatedBytes : 0)))
  view.setUint8(0, version)
  setTime(view, 1, sinceMs)
  view.setFloat64(7, backfilledWh)
  if (undatedWh > 0) view.setFloat64(impulseBytes, undatedWh)
  return bytesOf(view)
}

export function decodePast(bytes: Uint8Array | undefined): PastRecord | undefined {
  const view = viewOf(bytes, impulseBytes)
  if (view === undefined) return undefined
  const undatedWh = view.byteLength === impulseBytes + undatedBytes ? view.getFloat64(impulseBytes) : 0
  return { sinceMs: getTime(view, 1), backfilledWh: view.getFloat64(7), undatedWh }
}

/**     version | since ms, 48 bits | units, float64 | base, and what is doubted if anything is: [ ms, 48 bits | impulses | per unit | radio id ] */
export function encodeImpulses({ units, sinceMs, base, doubted }: ImpulseRecord): Uint8Array {
  const points = doubted ? [base, doubted] : [base]
  const view = new DataView(new ArrayBuffer(impulseBytes + pointBytes * points.length))
  view.setUint8(0, version)
  setTime(view, 1, sinceMs)
  view.setFloat64(7, units)
  for (const [place, { atMs, impulses, impulsesPerUnit, radioId }] of points.entries()) {
    const offset = impulseBytes + pointBytes * place
    setTime(view, offset, atMs)
    view.setUint32(offset + 6, impulses)
    view.setUint32(offset + 10, impulsesPerUnit)
    view.setUint32(offset + 14, radioId)
  }
  return bytesOf(view)
}

export function decodeImpulses(bytes: Uint8Array | undefined): ImpulseRecord | undefined {
  const view = viewOf(bytes, impulseBytes + pointBytes)
  if (view === undefined) return undefined
  const doubted = view.byteLength === impulseBytes + 2 * pointBytes ? getPoint(view, impulseBytes + pointBytes) : undefined
  return { sinceMs: getTime(view, 1), units: view.getFloat64(7), base: getPoint(view, impulseBytes), doubted }
}

function getPoint(view: DataView, offset: number): ImpulsePoint {
  const [impulses, impulsesPerUnit, radioId] = [view.getUint32(offset + 6), view.getUint32(offset + 10), view.getUint32(offset + 14)]
  return { atMs: getTime(view, offset), impulses, impulsesPerUnit, radioId }
}

function setTime(view: DataView, offset: number, ms: number): void {
  view.setUint16(offset, Math.floor(ms / 2 ** 32))
  view.setUint32(offset + 2, ms % 2 ** 32)
}

function getTime(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2)
}

/** The channels of some bits, from 0, that have something of their own to tell: the only one has what the sensor has. */
function ownChannelsOf(bits: number): readonly (0 | 1 | 2)[] {
  const channels = ([0, 1, 2] as const).filter(channel => bits & (1 << channel))
  return channels.length > 1 ? channels : []
}

/** A record that is not of this version, or too short, counts as none. */
function viewOf(bytes: Uint8Array | undefined, bytesMin: number): DataView | undefined {
  if (bytes === undefined || bytes.length < bytesMin || bytes[0] !== version) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer)
}
