/** Watches for alerts while the page is open, in front or in the background as far as the browser lets it. */

import type { HistoryAnswer } from '../../api.ts'
import type { FirstContext } from '../context.ts'
import { labelOf } from '../known.ts'
import { present } from '../now/present.ts'
import { nameOf } from '../phrases.ts'
import { notify } from './notify.ts'
import { idleSpan, isIdle, type Rule, type Seen, stepWatch, type Watch } from './rules.ts'
import { storedRules } from './stored.ts'
import { alertWords } from './words.ts'

const lookMs = 5_000
const idleLookMs = 600_000

let isWatching = false

/** Starts watching, for as long as the page is there; once. */
export function watchForAlerts(context: FirstContext): void {
  if (isWatching) return
  isWatching = true
  let watch: Watch = {}
  let idle: boolean | undefined
  let idleDueMs = 0

  const lookAtHistory = (rules: readonly Rule[]) => {
    const rule = rules.find(one => one.kind === 'idle')
    if (!rule || Date.now() < idleDueMs) return
    idleDueMs = Date.now() + idleLookMs
    const { fromMs, toMs } = idleSpan(rule, context.nowMs())
    const path = `api/history?sensor=${encodeURIComponent(rule.sensor)}&from=${Math.round(fromMs)}&to=${Math.round(toMs)}&step=15m`
    context.api.get<HistoryAnswer>(path).then(
      history => {
        idle = isIdle(rule, history)
      },
      () => {
        idle = undefined
      }
    )
  }

  setInterval(() => {
    const rules = storedRules()
    lookAtHistory(rules)
    const { watch: next, fired } = stepWatch(watch, rules, seenBy(context, idle))
    watch = next
    for (const rule of fired) void notify(textOf(rule, context), rule.kind)
  }, lookMs)
}

function seenBy(context: FirstContext, idle: boolean | undefined): Seen {
  const state = context.state()
  const nowMs = context.nowMs()
  const { total } = present(state, nowMs - state.offsetMs)
  const heard = [...state.sensors.values()].flatMap(({ said }) => (said ? [said.atMs] : []))
  const isUp = state.link.name === 'up' && heard.length > 0
  return { nowMs, watts: total && !total.stale ? total.watts : undefined, heardMs: isUp ? Math.max(...heard) : undefined, idle }
}

function textOf(rule: Rule, context: FirstContext): string {
  const { strings, formats } = context
  const words = alertWords(strings.language)
  switch (rule.kind) {
    case 'usage':
      return words.usageFired(formats.powerText(rule.watts), rule.minutes)
    case 'silent':
      return words.silentFired(rule.minutes)
    case 'idle':
      return words.idleFired(nameOf(labelOf(context.state(), rule.sensor), strings), formats.powerText(rule.watts), rule.hours)
  }
}
