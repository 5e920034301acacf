/** Fills what was not measured from the meter's own history: exactly what is missing, and never twice. */
import { limits } from '../limits.ts'
import type { HistoryValue } from '../reading.ts'
import { type Ledger, minuteMs } from './ledger.ts'

type Scale = HistoryValue['scale']

/** A value of the meter's history, placed on the host's time. */
export interface PlacedSpan {
  readonly sensor: number
  readonly scale: Scale
  readonly fromMs: number
  readonly toMs: number
  readonly kwh: number
}

/**
 * Why a span is not filled:
 * - `implausible`: its value is no energy, or the gap would have needed more power than there can be
 * - `before-first-reading`: what the meter saw before we first heard the sensor is not ours to tell
 * - `older-than-ledger`: nobody remembers what was measured then
 * - `not-over`: what is still to come may yet measure some of it
 * - `finer-history`: spans of a finer scale tell of it, or it is not yet known how far back they do
 * - `store-fails`: it could not be kept, or what was measured cannot be read
 */
type Refusal = 'implausible' | 'before-first-reading' | 'older-than-ledger' | 'not-over' | 'finer-history' | 'store-fails'

/** What became of a span. The meter sends its history again every two hours, so what could not be filled now may be then. */
export type FillOutcome =
  | {
      readonly kind: 'filled'
      readonly wattHours: number
      readonly ms: number /** Only what came after the first reading was filled. */
      readonly isPart: boolean
    }
  | { readonly kind: 'whole' }
  | { readonly kind: 'refused'; readonly why: Refusal }

/** What has to be known of the sensor and of time. */
export interface FillTimes {
  /** The sensor's first measured reading. */
  readonly sinceMs: number | undefined
  /** The sensor's last reading. */
  readonly lastMs: number
  /** The meter's last reading of any sensor. */
  readonly nowMs: number
}

/** Scales that tell of the same time in more detail. */
const finerScales: Readonly<Record<Scale, readonly Scale[]>> = {
  hours: [],
  days: ['hours'],
  blocks: ['hours', 'days'],
  years: ['hours', 'days', 'blocks']
}

/** Fills the ledger of one meter. */
export class Filler {
  readonly #ledger: Ledger
  /** How far back each scale of a sensor was offered, and since when it has not reached further. */
  readonly #reaches = new Map<string, { readonly oldestMs: number; readonly sinceMs: number }>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /**
   * Offers a span. Of one that began before the sensor was first heard, what is missing is taken to have been used evenly
   * over all the time that is missing, and the part after the first reading is filled.
   * @param factor by which the sensor's readings are scaled, and so its history must be
   */
  fill(span: PlacedSpan, factor: number, times: FillTimes): FillOutcome {
    const { sensor } = span
    const fromMs = Math.round(span.fromMs / minuteMs) * minuteMs
    const toMs = Math.round(span.toMs / minuteMs) * minuteMs
    const spanWh = span.kwh * 1000 * factor
    if (!(fromMs < toMs && spanWh >= 0 && spanWh < Number.POSITIVE_INFINITY)) return refused('implausible')
    this.#remember(span, times.nowMs)
    const sinceMs = Math.ceil((times.sinceMs ?? Number.POSITIVE_INFINITY) / minuteMs) * minuteMs
    if (toMs <= sinceMs) return refused('before-first-reading')
    if (fromMs < this.#ledger.oldestMs(times.nowMs)) return refused('older-than-ledger')
    if (!isOver(toMs, times)) return refused('not-over')
    if (this.#isFinerKnown(span, times.nowMs)) return refused('finer-history')

    const all = this.#ledger.query(sensor, fromMs, toMs)
    const startMs = Math.max(fromMs, sinceMs)
    const missingMs = startMs === fromMs ? all.missingMs : this.#ledger.query(sensor, startMs, toMs).missingMs
    if (!this.#ledger.isReadable) return refused('store-fails')
    if (missingMs <= limits.fillToleranceMs) return { kind: 'whole' }
    const missingWh = Math.max(0, spanWh - all.measuredWh - all.backfilledWh)
    const wattHours = (missingWh * missingMs) / all.missingMs
    if ((wattHours * 3_600_000) / missingMs > limits.energyWattsMax) return refused('implausible')
    this.#ledger.fill(sensor, startMs, toMs, wattHours)
    return { kind: 'filled', wattHours, ms: missingMs, isPart: startMs !== fromMs }
  }

  #remember({ sensor, scale, fromMs }: PlacedSpan, nowMs: number): void {
    const key = `${sensor}/${scale}`
    const reach = this.#reaches.get(key)
    // Placing has an error of seconds: that is not reaching further back.
    if (reach === undefined || fromMs < reach.oldestMs - minuteMs) this.#reaches.set(key, { oldestMs: fromMs, sinceMs: nowMs })
  }

  /** Whether a finer scale has told of the span's beginning, or may do so yet. */
  #isFinerKnown({ sensor, scale, fromMs }: PlacedSpan, nowMs: number): boolean {
    return finerScales[scale].some(finer => {
      const reach = this.#reaches.get(`${sensor}/${finer}`)
      return reach === undefined || nowMs - reach.sinceMs < limits.fillSettleMs || fromMs >= reach.oldestMs - minuteMs
    })
  }
}

/** The reading after the last one may still measure what lies between, unless it is overdue. */
function isOver(toMs: number, { lastMs, nowMs }: FillTimes): boolean {
  return toMs <= nowMs && (toMs <= lastMs || nowMs - lastMs > limits.energyGapMsMax)
}

function refused(why: Refusal): FillOutcome {
  return { kind: 'refused', why }
}
