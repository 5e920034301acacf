/** The History view: what was used by day, week, month and year, of the house and of each of its sensors. */
import type { NowAnswer } from '../../api.ts'
import { Calendar, type Unit } from '../../calendar.ts'
import type { Context, OpenView } from '../context.ts'
import { setText } from '../elements.ts'
import { loginNow } from '../login.ts'
import type { State } from '../model.ts'
import { keep, recall } from '../storage.ts'
import { showChoices } from './around.ts'
import { type Choice, choicesOf, chosen, keyOf } from './choices.ts'
import { type Labels, labelsFor, localeOf } from './labels.ts'
import { type Layout, makeLayout } from './layout.ts'
import { besideAt, onBeyond, onWithin, type Sighted, toUnit, type Ways, waysFrom, wholeAt } from './leafing.ts'
import { Loader } from './loading.ts'
import { type Period, units } from './periods.ts'
import { readSettings, type Settings, settingsText } from './settings.ts'
import { showNothing, showSight } from './showing.ts'
import { Stage } from './stage.ts'
import { Subject } from './subject.ts'

/** Of the daemon; known once it has answered. */
interface Place {
  readonly calendar: Calendar
  readonly labels: Labels
  readonly told: NowAnswer['sensors']
}

const retryMs = 10_000
/** While fingers move nothing is asked for. */
const fineDelayMs = 180

export function open(host: HTMLElement, context: Context): OpenView {
  return new HistoryView(host, context)
}

class HistoryView implements OpenView {
  readonly #context: Context
  readonly #layout: Layout
  readonly #stage: Stage
  readonly #subject: Subject
  readonly #closed = new AbortController()
  #settings: Settings = readSettings(recall('history') ?? '')
  #place: Place | undefined
  #choice: Choice | undefined
  #sighted: Sighted | undefined
  /** Of the columns, if there are any. */
  #unitShown: Unit | undefined
  #shownMs = Number.POSITIVE_INFINITY
  #begunMs = Number.NEGATIVE_INFINITY
  #wasUp = true
  #fineTimer: number | undefined
  #frame: number | undefined

  constructor(host: HTMLElement, context: Context) {
    const { strings } = context
    this.#context = context
    this.#subject = new Subject(new Loader(context.api), { onChange: () => this.#paint(), onZone: zone => this.#moveTo(zone) })
    this.#layout = makeLayout(host, strings.frame.views.history, strings.history)
    const wishes = {
      onGo: (way: -1 | 1) => this.#go(way),
      onWindow: (window: Sighted['window']) => this.#sighted && this.#look({ ...this.#sighted, window }),
      onUnit: (longer: boolean, atMs: number) => this.#goBeside(longer, atMs),
      onOpen: (atMs: number) => this.#openPart(atMs),
      onResize: () => this.#paintSoon()
    }
    this.#stage = new Stage(this.#layout, strings.history.now, wishes, this.#closed.signal)
    this.#listen()
  }

  /** Once a second, and whenever something has changed. */
  show(state: State): void {
    const nowMs = this.#context.nowMs()
    const isUp = state.link.name === 'up'
    const isOther = isUp !== this.#wasUp // back, or gone: then what is shown is as old as it is
    this.#wasUp = isUp
    if (this.#place) this.#choose(state, this.#place)
    this.#follow(nowMs)
    const isDue = this.#sighted ? this.#subject.isDue(this.#sighted.period, nowMs) : nowMs - this.#begunMs >= retryMs
    if (!isOther && !isDue) return
    if (this.#sighted) this.#load()
    else void this.#begin()
  }

  /** Who looks at a period that runs sees the next one when it begins. */
  #follow(nowMs: number): void {
    const endMs = this.#sighted?.period.toMs ?? nowMs
    const ended = this.#shownMs < endMs && nowMs >= endMs
    this.#shownMs = nowMs
    if (ended) this.#withPeriod((calendar, { period }) => wholeAt(calendar, period.unit, nowMs))
  }

  close(): void {
    this.#closed.abort()
    this.#subject.close()
    clearTimeout(this.#fineTimer)
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
  }

  #listen(): void {
    const layout = this.#layout
    layout.csv.addEventListener('click', event => {
      if (!loginNow()) return
      event.preventDefault() // by itself a link comes without the login
      void import('../saving.ts').then(({ saveFile }) => saveFile(this.#context.api, layout.csv.getAttribute('href') ?? ''))
    })
    for (const [index, button] of layout.unitButtons.entries()) {
      button.addEventListener('click', () =>
        this.#withPeriod((calendar, { period }) => toUnit(calendar, period, units[index] as Unit, this.#context.nowMs()))
      )
    }
    layout.previous.addEventListener('click', () => this.#leaf(-1))
    layout.next.addEventListener('click', () => this.#leaf(1))
    layout.name.addEventListener('click', () => {
      this.#withPeriod((calendar, { period }) => wholeAt(calendar, period.unit, this.#context.nowMs()))
    })
    layout.closer.addEventListener('click', () => this.#step(true))
    layout.further.addEventListener('click', () => this.#step(false))
    for (const [name, button] of Object.entries(layout.toggles)) {
      const key = name as keyof Settings['shown']
      button.addEventListener('click', () => {
        const { shown } = this.#settings
        this.#set({ shown: { ...shown, [key]: !shown[key] } })
        this.#paint()
      })
    }
    document.addEventListener('keydown', event => this.#press(event), { signal: this.#closed.signal })
  }

  #press(event: KeyboardEvent): void {
    const { target, key } = event
    if (!(target instanceof Element) || event.ctrlKey || event.metaKey || event.altKey) return
    if (target.closest('input, textarea, select, dialog, .history-table')) return
    const way = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : undefined
    if (way !== undefined && event.shiftKey) setText(this.#layout.status, this.#stage.readOn(way))
    else if (way !== undefined) this.#leaf(way)
    else if (key === '+' || key === '-') this.#step(key === '+')
    else if (key === '0' && this.#sighted) this.#look({ ...this.#sighted, window: this.#sighted.period })
    else if (key === 'Escape') this.#stage.read(undefined)
    else if (key === 'Enter' && target === this.#layout.plot) this.#stage.open()
    else return
    event.preventDefault()
  }

  /** Learns the zone, without which nobody knows when a day begins. */
  async #begin(): Promise<void> {
    this.#begunMs = this.#context.nowMs()
    try {
      const { zone, sensors, nowMs } = await this.#context.api.get<NowAnswer>('api/now', this.#closed.signal)
      if (this.#closed.signal.aborted) return
      const place = this.#setPlace(zone, sensors)
      this.#choose(this.#context.state(), place)
      this.#see(wholeAt(place.calendar, this.#settings.unit, nowMs))
    } catch (error) {
      if (!this.#closed.signal.aborted) this.#subject.fail(error)
    }
  }

  #setPlace(zone: string, told: NowAnswer['sensors']): Place {
    const { strings, formats } = this.#context
    const calendar = new Calendar(zone)
    const labels = labelsFor(localeOf(strings.language, navigator.language), calendar, strings.history, formats)
    this.#place = { calendar, told, labels }
    return this.#place
  }

  #set(change: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...change }
    keep('history', settingsText(this.#settings))
  }

  #choose(state: State, { told }: Place): void {
    const choices = choicesOf(state, this.#context.nowMs(), told, this.#context.strings)
    const before = this.#choice && keyOf(this.#choice)
    this.#choice = chosen(choices, this.#settings.choice)
    showChoices(this.#layout, choices, this.#choice, choice => {
      this.#set({ choice: keyOf(choice) })
      this.#choose(this.#context.state(), this.#place as Place)
    })
    if (!this.#choice || keyOf(this.#choice) === before) return
    this.#stage.read(undefined)
    this.#load()
  }

  #withPeriod(wish: (calendar: Calendar, sighted: Sighted) => Sighted | undefined): void {
    const wanted = this.#place && this.#sighted && wish(this.#place.calendar, this.#sighted)
    if (wanted) this.#see(wanted)
  }

  #goBeside(longer: boolean, atMs: number): void {
    this.#withPeriod((calendar, { period }) => besideAt(calendar, period, longer, atMs, this.#context.nowMs()))
  }

  #openPart(atMs: number): void {
    const unit = this.#unitShown
    if (unit && atMs <= this.#context.nowMs()) this.#withPeriod(calendar => wholeAt(calendar, unit, atMs))
  }

  /** By key or button: on by a window, or by a period. */
  #leaf(way: -1 | 1): void {
    const sighted = this.#sighted
    if (!sighted) return
    const within = onWithin(sighted, way)
    if (within) this.#look(within)
    else if (this.#canGo(way)) void this.#stage.slide(way, () => this.#go(way))
  }

  /** Not beyond what there is, nor once the view is left: a chart that slides goes when it is through. */
  #go(way: -1 | 1): void {
    if (this.#closed.signal.aborted || !this.#canGo(way)) return
    this.#withPeriod((calendar, sighted) => onBeyond(calendar, sighted, way))
  }

  #canGo(way: -1 | 1): boolean {
    const ways = this.#sighted && this.#ways(this.#sighted.period)
    return (way > 0 ? ways?.next : ways?.previous) ?? false
  }

  #ways(period: Period): Ways {
    const { content } = this.#subject
    return waysFrom(period, content.kind === 'known' ? content.answer.sinceMs : null, this.#context.nowMs())
  }

  /** Goes to a period. */
  #see(sighted: Sighted): void {
    this.#sighted = sighted
    if (this.#settings.unit !== sighted.period.unit) this.#set({ unit: sighted.period.unit })
    this.#load()
  }

  #step(closer: boolean): void {
    if (this.#sighted) this.#stage.step(closer, this.#sighted.window)
  }

  /** Looks closer, or elsewhere within the period. */
  #look(sighted: Sighted): void {
    this.#sighted = sighted
    clearTimeout(this.#fineTimer)
    this.#fineTimer = setTimeout(() => this.#loadFine(), fineDelayMs)
    this.#paintSoon()
  }

  #load(): void {
    const { choice, place, sighted } = { choice: this.#choice, place: this.#place, sighted: this.#sighted }
    if (sighted && place && choice) {
      void this.#subject.load(choice, sighted, place.calendar, this.#context.nowMs()).then(() => this.#loadFine())
    } else this.#paint()
  }

  #loadFine(): void {
    if (this.#choice && this.#sighted) void this.#subject.loadFine(this.#choice, this.#sighted, this.#context.nowMs())
  }

  /** The daemon has another zone than it told at first: days begin elsewhere. */
  #moveTo(zone: string): void {
    this.#setPlace(zone, this.#place?.told ?? [])
    this.#withPeriod((calendar, { period }) => wholeAt(calendar, period.unit, Math.min(period.toMs, this.#context.nowMs()) - 1))
  }

  #paintSoon(): void {
    this.#frame ??= requestAnimationFrame(() => this.#paint())
  }

  #paint(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    const { strings, formats } = this.#context
    const { place, choice, sighted } = { place: this.#place, choice: this.#choice, sighted: this.#sighted }
    if (!place && this.#subject.content.kind === 'waiting') return // nothing is known, not even that there is nothing
    if (!place || !choice || !sighted) {
      showNothing(this.#layout, strings.history, this.#subject.content)
      return
    }
    const { calendar, labels } = place
    const { content, before, fine } = this.#subject
    const { period, window } = sighted
    const [nowMs, canGo] = [this.#context.nowMs(), this.#ways(period)]
    const shared = { words: strings.history, formats, calendar, labels, settings: this.#settings, choice, period, window, nowMs, canGo }
    this.#unitShown = showSight(this.#layout, this.#stage, {
      ...shared,
      content,
      before,
      fine
    }).unit
  }
}
