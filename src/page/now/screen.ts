/** Puts a View on the screen: changes only what changed, and speaks to screen readers seldom. */

import { find, setSentence, setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import type { Phase } from '../phase.ts'
import { correctionsOf, energyTextOf, originOf } from '../phrases.ts'
import type { Strings } from '../strings.ts'
import { Cards } from './cards.ts'
import { FurtherMeters } from './further.ts'
import type { View } from './present.ts'
import { Trace } from './trace.ts'

/** Power is spoken no more often than this; a change of state at once. */
const spokenEveryMs = 60_000
/** A number with more characters than this is set smaller. */
const charactersLarge = 4
/** And with more than this, smaller still. */
const charactersLong = 5
/** How wide a bold digit may be, as a share of the font's size, for the numbers' sizes to fit. */
const digitWidthMost = 0.6
const levelMidWatts = 1_500
const levelHighWatts = 4_000

export class Screen {
  readonly #strings: Strings
  readonly #formats: Formats
  readonly #host: string
  readonly #trace: Trace
  readonly #cards: Cards
  readonly #further: FurtherMeters
  #spokenPhase: Phase | undefined
  #spokenAt = 0

  constructor(strings: Strings, formats: Formats, host: string) {
    this.#strings = strings
    this.#formats = formats
    this.#host = host
    document.documentElement.style.setProperty('--narrow', String(narrowOf(find('power'))))
    const labels = { watts: formats.scale, time: formats.span, now: strings.now }
    const canvas = find('trace')
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('No canvas')
    this.#trace = new Trace(canvas, labels)
    this.#cards = new Cards(find('cards'), strings, formats)
    this.#further = new FurtherMeters(find('further'), strings, formats)
    for (const [id, text] of [
      ['simulated', strings.simulated],
      ['recent-title', strings.traceTitle],
      ['lowest-label', strings.lowest],
      ['average-label', strings.average],
      ['highest-label', strings.highest],
      ['sensors-title', strings.sensors],
      ['room-label', strings.room]
    ] as const) {
      setText(find(id), text)
    }
  }

  /** `atMs` is a steady clock's time, for movement alone. */
  show(view: View, atMs: number): void {
    this.#showState(view)
    this.#showTotal(view)
    this.#showNotice(view)
    this.#showRecent(view, atMs)
    this.#showSensors(view, atMs)
    this.#speak(view, atMs)
  }

  /** Paints the traces; true while something still moves. */
  paint(nowMs: number, atMs: number, still: boolean): boolean {
    const moving = this.#trace.paint(nowMs, atMs, still)
    const cardsMoving = this.#cards.paint(nowMs, atMs, still)
    return this.#further.paint(nowMs, atMs, still) || cardsMoving || moving
  }

  #showState(view: View): void {
    document.body.setAttribute('data-level', view.total && !view.total.stale ? levelOf(view.total.watts) : 'none')
    find('simulated').hidden = !view.simulated
    setText(find('host'), this.#strings.host(this.#host, view.phase !== 'offline'))
    setText(find('meter'), originOf(view, this.#strings))
    setText(find('version'), view.version === '' ? '' : `wattslug ${view.version}`)
  }

  #chipText({ phase, cause }: View): string {
    const ofCause = phase === 'no-meter' && cause ? this.#strings.chipOfCause[cause] : undefined
    return ofCause ?? this.#strings.chip[phase]
  }

  #showTotal({ total, celsius, phase, cards, corrected, nowMs }: View): void {
    const { wholeHouse, allSensors, noPower, lastReading, asOf } = this.#strings
    const of = total?.of ?? 'house'
    const title = of === 'house' ? total?.name || wholeHouse : allSensors(of.summed, of.known)
    setText(find('total-title'), !total && cards.length > 0 ? noPower : title)
    const { number, unit } = total ? this.#formats.power(total.watts) : { number: '', unit: '' }
    const power = find('power')
    power.hidden = !total && phase !== 'connecting'
    find('now-root').toggleAttribute('data-bare', power.hidden)
    power.toggleAttribute('data-empty', !total)
    power.toggleAttribute('data-stale', total?.stale ?? true)
    power.toggleAttribute('data-long', number.length > charactersLarge)
    power.toggleAttribute('data-longer', number.length > charactersLong)
    setText(find('watts'), number)
    setText(find('unit'), unit)
    const age = total ? this.#formats.age(total.ageMs) : ''
    const stale = phase === 'offline' ? asOf(this.#formats.moment(nowMs - (total?.ageMs ?? 0), nowMs)) : lastReading(age)
    setText(find('age'), total?.stale ? stale : age)
    find('room').hidden = celsius === undefined
    setText(find('temperature'), celsius === undefined ? '' : this.#formats.temperature(celsius))
    const corrections = correctionsOf(corrected, this.#strings)
    find('correction').hidden = corrections === ''
    setText(find('corrected'), corrections)
    setText(find('energy'), energyTextOf(total?.energy, nowMs, this.#strings, this.#formats))
    document.title = total && !total.stale ? `${number} ${unit} · wattslug` : 'wattslug'
  }

  #showNotice(view: View): void {
    const { phase, cause, linked } = view
    const { title, titleOfCause, connectingTitle } = this.#strings
    const notice = find('notice')
    notice.hidden = phase === 'live'
    if (phase === 'live') return
    const ofCause = phase === 'no-meter' && cause ? titleOfCause[cause] : undefined
    const ofLink = phase === 'connecting' && !linked ? connectingTitle : undefined
    setText(find('notice-title'), ofCause ?? ofLink ?? title[phase])
    setSentence(find('notice-text'), this.#noticeText(view))
  }

  #noticeText({ phase, linked, message: said, sincePhoneMs, total, nowMs }: View): string {
    const { connecting, waiting, stale, offline, lastHeard, told } = this.#strings
    const message = told(said)
    const heard = (text: string) => (total ? lastHeard(text, this.#formats.moment(nowMs - total.ageMs, nowMs)) : text)
    switch (phase) {
      case 'connecting':
        return linked ? message || waiting : connecting
      case 'stale':
        return heard(message || stale)
      case 'offline':
        return offline(sincePhoneMs === undefined ? '' : this.#formats.clock(sincePhoneMs))
      case 'no-meter':
        return heard(message)
      case 'live':
        return message
    }
  }

  #showRecent({ points, nowMs, reachMs, staleMs, summary, phase, total }: View, atMs: number): void {
    const { powerText } = this.#formats
    find('recent').hidden = points.length === 0
    this.#trace.show({ points, nowMs, reachMs, staleMs, dim: phase !== 'live' || total?.stale === true }, atMs)
    find('summary').hidden = summary === undefined
    const texts = summary && ([summary.lowest, summary.average, summary.highest].map(powerText) as [string, string, string])
    find('trace').setAttribute('aria-label', texts ? this.#strings.trace(...texts) : this.#strings.traceEmpty)
    for (const [index, id] of (['lowest', 'average', 'highest'] as const).entries()) setText(find(id), texts?.[index] ?? '')
  }

  #showSensors(view: View, atMs: number): void {
    const [some, others] = [view.cards.length > 0, view.further.length > 0]
    find('sensors').hidden = !some && !others
    find('sensors-title').hidden = !some
    find('now-root').toggleAttribute('data-cards', some || others)
    this.#cards.show(view.cards, view, atMs)
    this.#further.show(view, atMs)
  }

  #speak(view: View, atMs: number): void {
    const { phase, total } = view
    if (phase === this.#spokenPhase && (phase !== 'live' || atMs - this.#spokenAt < spokenEveryMs)) return
    this.#spokenPhase = phase
    this.#spokenAt = atMs
    const power = total && !total.stale ? this.#formats.powerText(total.watts) : ''
    setText(find('status'), this.#strings.announce(this.#chipText(view), power))
  }
}

function levelOf(watts: number): string {
  if (watts < 0) return 'export'
  if (watts < levelMidWatts) return 'low'
  return watts < levelHighWatts ? 'mid' : 'high'
}

/** By how much numbers are to be smaller because the font that a phone's owner has chosen is a wide one. */
function narrowOf(element: HTMLElement): number {
  const context = document.createElement('canvas').getContext('2d')
  if (!context) return 1
  context.font = `700 100px ${getComputedStyle(element).fontFamily}`
  return Math.min(1, (100 * digitWidthMost) / context.measureText('0').width)
}
