/** What the messages of every model have in common: temperature, channels, and how what was read becomes an outcome. */

import type { ChannelPower, HistoryPage, Reading } from '../reading.ts'
import { type Fields, ranges } from './fields.ts'
import type { Outcome } from './meter.ts'

const channelNumbers = [1, 2, 3] as const

/** `tmpr` in °C, else `tmprF` in °F to the nearest 0.1 °C, else nothing (spec: `tmpr`, `tmprF`). */
export function readTemperature(fields: Fields): { readonly celsius?: number } {
  const converted = fields.has('tmprF') ? { celsius: toCelsius(fields.decimal('tmprF', ranges.fahrenheit)) } : {}
  return fields.has('tmpr') ? { celsius: fields.decimal('tmpr', ranges.celsius) } : converted
}

/** The channels that the message carries and their sum; an absent channel is not a channel of 0 W (spec: `ch1`…`ch3`). */
export function readPower(fields: Fields): { readonly watts: number; readonly channels: readonly ChannelPower[] } {
  const present = channelNumbers.filter(channel => fields.has(`ch${channel}`))
  // With no channel at all the first one is the field that is missing.
  const expected = present.length > 0 ? present : ([1] as const)
  const channels = expected.map(channel => ({ channel, watts: fields.integer(`ch${channel}/watts`, ranges.watts) }))
  return { watts: channels.reduce((sum, { watts }) => sum + watts, 0), channels }
}

/** What was read, unless one of the fields it was made from is at fault: then nothing of the message can be believed. */
export function outcomeOf(fields: Fields, readings: readonly Reading[], history?: HistoryPage): Outcome {
  const fault = fields.fault
  if (fault !== undefined) return { kind: 'fault', fault }
  return history === undefined ? { kind: 'understood', readings } : { kind: 'understood', readings, history }
}

function toCelsius(fahrenheit: number): number {
  // Adding 0 makes a 0 of the -0 that rounding may give.
  return Math.round(((fahrenheit - 32) * 50) / 9) / 10 + 0
}
