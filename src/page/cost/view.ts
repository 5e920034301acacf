/** The Cost view: what this hour costs, what the day, week, month and year came to so far, and what the month will come to. */
import type { CostAnswer, TariffTold } from '../../api.ts'
import { ApiError } from '../api.ts'
import type { Context, OpenView } from '../context.ts'
import { make } from '../elements.ts'
import { localeNow } from '../language.ts'
import type { State } from '../model.ts'
import { openSheet } from '../sheet.ts'
import { makeBill } from './bill.ts'
import { currencyFor } from './currencies.ts'
import { draftOf, newDraft } from './draft.ts'
import { makeForecast } from './forecast.ts'
import { makeForm } from './form.ts'
import { type CostFormats, costFormats } from './format.ts'
import { NowCost } from './now.ts'
import { beginsLate, billBefore, billOf, isUnknown, type Period, periods } from './present.ts'

/** Bills are asked for so often while they are looked at, and after so long when nothing answered. */
const askMs = 60_000
const askAgainMs = 5_000
/** Once the daemon is back they are asked for at once, but no more often than this. */
const askLeastMs = 1_000
/** There is no room for the cents of more. */
const tileCentsBelow = 1_000

type Told =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'answer'; readonly answer: CostAnswer; readonly costs: CostFormats; readonly isOld: boolean }
  | { readonly kind: 'failed'; readonly error: ApiError }

export function open(host: HTMLElement, context: Context): OpenView {
  return new CostView(host, context)
}

class CostView implements OpenView {
  readonly #context: Context
  readonly #page = make('div', 'page cost')
  readonly #locale = localeNow()
  readonly #abort = new AbortController()
  readonly #now: NowCost
  #told: Told = { kind: 'nothing' }
  #nextAskMs = 0
  #askedMs = Number.NEGATIVE_INFINITY
  #isAsking = false
  /** What was asked for before the tariff was changed is not taken. */
  #turn = 0
  #period: Period = 'day'
  /** The whole of the one before is shown, not what has been of this one. */
  #isBefore = false
  #closeSheet = (): void => {}

  constructor(host: HTMLElement, context: Context) {
    this.#context = context
    this.#now = new NowCost(context)
    host.append(this.#page)
    this.#render()
  }

  show(state: State): void {
    const told = this.#told
    const isOld = told.kind === 'failed' ? isAway(told.error) : told.kind === 'answer' && told.isOld
    const isBack = isOld && state.link.name === 'up'
    const isGone = !isOld && state.link.name === 'down'
    // While the phone slept, its steady clock did too.
    const isPast = told.kind === 'answer' && this.#context.nowMs() - told.answer.nowMs > askMs + askAgainMs
    const soonMs = isBack ? askLeastMs : isGone || isPast ? askAgainMs : askMs
    if (!this.#isAsking && performance.now() >= Math.min(this.#nextAskMs, this.#askedMs + soonMs)) void this.#ask()
    if (told.kind === 'answer') this.#now.show(told.answer, told.costs, state)
  }

  close(): void {
    this.#abort.abort()
    this.#closeSheet()
  }

  async #ask(): Promise<void> {
    const turn = this.#turn
    this.#isAsking = true
    this.#askedMs = performance.now()
    try {
      const answer = await this.#context.api.get<CostAnswer>('api/cost', this.#abort.signal)
      if (turn !== this.#turn) return
      const untilMs = Math.min(askMs, Math.max(1_000, (answer.now?.untilMs ?? Number.POSITIVE_INFINITY) - answer.nowMs))
      this.#nextAskMs = performance.now() + untilMs
      this.#tell({ kind: 'answer', answer, costs: costFormats(this.#locale, answer.tariff?.currency ?? 'EUR', answer.zone), isOld: false })
    } catch (error) {
      if (this.#abort.signal.aborted || turn !== this.#turn) return
      if (!(error instanceof ApiError)) throw error
      this.#nextAskMs = performance.now() + askAgainMs
      if (this.#told.kind === 'answer' && isAway(error)) this.#tell({ ...this.#told, isOld: true })
      else this.#tell({ kind: 'failed', error })
    } finally {
      if (turn === this.#turn) this.#isAsking = false
    }
  }

  /** A form that is being filled in stays. */
  #tell(told: Told): void {
    const isForm = (each: Told): boolean => each.kind === 'answer' && each.answer.tariff === null
    const stays = isForm(told) && isForm(this.#told)
    this.#told = told
    if (!stays) this.#render()
  }

  #render(): void {
    const { strings } = this.#context
    const title = make('h1', '', strings.frame.views.cost)
    const told = this.#told
    const focused = this.#buttons().indexOf(document.activeElement as HTMLElement)
    this.#page.toggleAttribute('aria-busy', told.kind === 'nothing')
    if (told.kind === 'nothing')
      this.#page.replaceChildren(title, ...['wait-now', 'wait-tiles', 'wait-bill'].map(name => make('div', `skeleton ${name}`)))
    else if (told.kind === 'failed') this.#page.replaceChildren(title, this.#makeFailure(told.error))
    else if (told.answer.tariff === null) this.#page.replaceChildren(title, this.#makeInvitation())
    else this.#page.replaceChildren(this.#makeTitle(title, told.answer.tariff), ...this.#makeBills(told.answer, told.costs, told.isOld))
    this.#buttons()[focused]?.focus({ preventScroll: true })
    this.show(this.#context.state())
  }

  /** The same ones at the same places, while the kind of what is told stays. */
  #buttons(): readonly HTMLElement[] {
    return [...this.#page.querySelectorAll('button')]
  }

  #makeFailure(error: ApiError): HTMLElement {
    const { cost } = this.#context.strings
    const isUnheard = error.status === 404
    const notice = make('section', isUnheard ? 'notice' : 'notice bad')
    notice.append(make('h2', '', isUnheard ? cost.noReadings : cost.failed), make('p', '', isUnheard ? cost.noReadingsWhy : error.message))
    return notice
  }

  #makeInvitation(): HTMLElement {
    const { form } = this.#context.strings.cost
    const card = make('section', 'card')
    card.append(make('p', 'why', form.why))
    const draft = newDraft(currencyFor(this.#locale), form.flat, this.#today())
    card.append(
      makeForm(this.#context, {
        draft,
        locale: this.#locale,
        today: this.#today(),
        save: form.show,
        saved: () => this.#renew()
      })
    )
    return card
  }

  #makeTitle(title: HTMLElement, tariff: TariffTold): HTMLElement {
    const { cost, frame } = this.#context.strings
    const heading = make('div', 'heading cost-title')
    const button = make('button', 'button quiet', cost.edit)
    button.addEventListener('click', () => {
      const sheet = openSheet(cost.form.title, frame.close)
      const saved = (): void => {
        sheet.close()
        this.#renew()
      }
      const removed = (left: TariffTold | null): void => {
        if (!left) {
          saved()
          return
        }
        const told = make('p', '', cost.form.inFile)
        told.tabIndex = -1
        sheet.body.replaceChildren(told)
        this.#renew()
        told.focus() // what had it is gone
      }
      const task = { draft: draftOf(tariff), locale: this.#locale, today: this.#today(), save: cost.form.save, saved, removed }
      sheet.body.append(makeForm(this.#context, task))
      this.#closeSheet = sheet.close
    })
    heading.append(title, button)
    return heading
  }

  #makeBills(answer: CostAnswer, costs: CostFormats, isOld: boolean): readonly HTMLElement[] {
    const { cost } = this.#context.strings
    const tiles = make('div', 'tiles')
    const bill = make('section', 'card bill')
    for (const period of periods) tiles.append(this.#makeTile(answer, costs, period, bill))
    this.#showBill(answer, costs, bill)
    const grid = make('div', 'parts')
    grid.append(this.#now.root, tiles, bill, makeForecast(this.#context, costs, answer))
    return [...(isOld ? [make('p', 'notice warn', cost.oldAt(costs.time(answer.nowMs)))] : []), grid]
  }

  #makeTile(answer: CostAnswer, costs: CostFormats, period: Period, place: HTMLElement): HTMLElement {
    const { cost } = this.#context.strings
    const tile = make('button', 'tile')
    const bill = billOf(answer, period)
    const before = billBefore(answer, period)
    tile.append(make('span', 'name', cost.periods[period]), make('span', 'sum', bill ? costs.money(bill.total, tileCentsBelow) : ''))
    if (before && !isUnknown(before))
      tile.append(make('span', 'before', `${cost.before[period]} ${costs.money(before.total, tileCentsBelow)}`))
    tile.setAttribute('aria-pressed', String(period === this.#period))
    tile.addEventListener('click', () => {
      this.#period = period
      this.#isBefore = false
      for (const other of tile.parentElement?.children ?? []) other.setAttribute('aria-pressed', String(other === tile))
      this.#showBill(answer, costs, place)
    })
    return tile
  }

  /** The bill of the period so far, or of the one before it. */
  #showBill(answer: CostAnswer, costs: CostFormats, place: HTMLElement): void {
    const { cost } = this.#context.strings
    const period = this.#period
    const before = billBefore(answer, period)
    const bill = this.#isBefore && before ? before : billOf(answer, period)
    if (!bill) return
    const since = !this.#isBefore && beginsLate(answer, period) ? costs.date(bill.fromMs) : ''
    const title = this.#isBefore ? cost.before[period] : cost.soFar(cost.periods[period])
    place.replaceChildren(...makeBill(this.#context, costs, title, bill, since))
    if (!before) return
    const choice = make('div', 'segments')
    for (const [isBefore, text] of [
      [false, cost.periods[period]],
      [true, cost.before[period]]
    ] as const) {
      const button = make('button', '', text)
      button.setAttribute('aria-pressed', String(isBefore === this.#isBefore))
      button.addEventListener('click', () => {
        this.#isBefore = isBefore
        this.#showBill(answer, costs, place)
        place.querySelectorAll<HTMLElement>('.segments button')[isBefore ? 1 : 0]?.focus()
      })
      choice.append(button)
    }
    place.append(choice)
  }

  #renew(): void {
    this.#turn++
    this.#isAsking = false
    this.#told = { kind: 'nothing' }
    this.#nextAskMs = 0
    this.#render()
    this.#page.parentElement?.focus({ preventScroll: true }) // what had it is gone
  }

  /** In the zone of the house, if that is known. */
  #today(): string {
    const zone = this.#told.kind === 'answer' ? this.#told.answer.zone : 'UTC'
    return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(this.#context.nowMs())
  }
}

/** Nothing answers, or a proxy that says so. */
function isAway({ status }: ApiError): boolean {
  return status === 0 || status >= 500
}
