/** Watches for alerts while the page is open, in front or in the background as far as the browser lets it. */

import type { HistoryAnswer } from '../../api.ts'
import type { FirstContext } from '../context.ts'
import { labelOf } from '../known.ts'
import { present } from '../now/present.ts'
import { staleMsOf } from '../phase.ts'
import { fullNameOf } from '../phrases.ts'
import { meterIds, meterNumber, readPlace } from '../places.ts'
import { notify } from './notify.ts'
import { heardMsOf, idleSpan, isIdle, isSettled, type Rule, type Seen, type Sight, stepSight, stepWatch, type Watch } from './rules.ts'
import { storedRules } from './stored.ts'
import { alertWords } from './words.ts'

const lookMs = 5_000
const idleLookMs = 600_000

let isWatching = false

/** Starts watching, for as long as the page is there; once. */
export function watchForAlerts(context: FirstContext): void {
  if (isWatching) return
  isWatching = true
  const watches = new Map<string, Watch>()
  let sight: Sight | undefined
  let idle: { readonly rule: string; readonly dueMs: number; readonly is: boolean | undefined } | undefined

  const lookAtHistory = (rules: readonly Rule[]) => {
    const rule = rules.find(one => one.kind === 'idle')
    const named = JSON.stringify(rule)
    if (idle?.rule !== named) idle = undefined // it was of another sensor
    if (!rule || !isSettled(sight) || Date.now() < (idle?.dueMs ?? 0)) return
    const asked = { rule: named, dueMs: Date.now() + idleLookMs, is: idle?.is }
    idle = asked
    const { fromMs, toMs } = idleSpan(rule, context.nowMs())
    const path = `api/history?sensor=${encodeURIComponent(rule.sensor)}&from=${Math.round(fromMs)}&to=${Math.round(toMs)}&step=15m`
    const answer = context.api.get<HistoryAnswer>(path).then(
      history => isIdle(rule, history, isHeard(context, rule.sensor)),
      () => undefined
    )
    void answer.then(is => {
      if (idle === asked) idle = { ...asked, is }
    })
  }

  setInterval(() => {
    const rules = storedRules()
    sight = stepSight(sight, context.state().link.name === 'up', context.nowMs())
    lookAtHistory(rules)
    for (const meter of meterIds) {
      // Each meter is silent by itself; all other rules are of the house, and are watched with the first.
      const own = rules.filter(({ kind }) => kind === 'silent' || meter === meterIds[0])
      const { watch, fired } = stepWatch(watches.get(meter) ?? {}, own, seenBy(context, meter, isSettled(sight), idle?.is))
      watches.set(meter, watch)
      for (const rule of fired) void notify(textOf(rule, meter, context), `${rule.kind} ${meter}`)
    }
  }, lookMs)
}

function seenBy(context: FirstContext, meter: string, isSettled: boolean, idle: boolean | undefined): Seen {
  const state = context.state()
  const nowMs = context.nowMs()
  const { total } = present(state, nowMs - state.offsetMs)
  const heardMs = isSettled ? heardMsOf(state.sensors, meter) : undefined
  return { nowMs, watts: total && !total.stale ? total.watts : undefined, heardMs, idle }
}

/** Whether the meter that a sensor belongs to is heard now. */
function isHeard(context: FirstContext, sensor: string): boolean {
  const state = context.state()
  const place = readPlace(sensor)
  const heardMs = place?.kind === 'sensor' ? heardMsOf(state.sensors, place.meter) : undefined
  return heardMs !== undefined && context.nowMs() - heardMs < staleMsOf(state)
}

function textOf(rule: Rule, meter: string, context: FirstContext): string {
  const { strings, formats } = context
  const words = alertWords(strings.language)
  switch (rule.kind) {
    case 'usage':
      return words.usageFired(formats.powerText(rule.watts), rule.minutes)
    case 'silent':
      return words.silentFired(meter === meterIds[0] ? '' : strings.meter(meterNumber(meter)), rule.minutes)
    case 'idle':
      return words.idleFired(fullNameOf(labelOf(context.state(), rule.sensor), strings), formats.powerText(rule.watts), rule.hours)
  }
}
