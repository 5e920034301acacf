/** What this hour costs or earns: it goes with each reading. */
import type { CostAnswer } from '../../api.ts'
import type { Context } from '../context.ts'
import { make, setText } from '../elements.ts'
import { isHouse, knownOf } from '../known.ts'
import type { State } from '../model.ts'
import { phaseNow, staleMsOf } from '../phase.ts'
import { nameOf } from '../phrases.ts'
import { meterIds } from '../places.ts'
import type { CostFormats } from './format.ts'
import { isLasting, perHour } from './present.ts'

export class NowCost {
  readonly root = make('section', 'cost-now')
  readonly #context: Context
  readonly #label = make('h2')
  readonly #sum = make('span')
  readonly #unit = make('small')
  readonly #price = make('p', 'price')

  constructor(context: Context) {
    this.#context = context
    const amount = make('p', 'amount')
    amount.append(this.#sum, this.#unit)
    this.root.append(this.#label, amount, this.#price)
  }

  show(answer: CostAnswer, costs: CostFormats, state: State): void {
    const { strings, formats } = this.#context
    const { cost } = strings
    const { now, tariff } = answer
    if (!now || !tariff) return
    const nowMs = this.#context.nowMs()
    const watts = wattsAt(state, nowMs)
    const amount = watts === undefined ? undefined : perHour(answer, watts)
    const isEarning = amount !== undefined && amount < 0
    this.root.toggleAttribute('data-earning', isEarning)
    setText(this.#label, isEarning ? cost.earning : cost.now)
    setText(this.#sum, amount === undefined ? '–' : formats.money(Math.abs(amount), tariff.currency))
    setText(this.#unit, amount === undefined ? '' : cost.perHour)
    this.root.toggleAttribute('data-silent', amount === undefined)
    const price = cost.price(costs.price(isEarning ? now.exportPerKWh : now.pricePerKWh))
    const band = nameOf({ name: now.band, medium: undefined, meter: 1, sensor: 0 }, strings)
    const known = isEarning || isLasting(answer) ? price : cost.until(`${band}, ${price}`, costs.moment(now.untilMs, nowMs))
    setText(this.#price, amount === undefined ? cost.silent : known)
  }
}

/** Of the whole house, while it is live. */
function wattsAt(state: State, nowMs: number): number | undefined {
  const house = knownOf(state, meterIds[0], nowMs, staleMsOf(state)).find(isHouse)
  const isLive = house !== undefined && !house.stale && phaseNow(state, nowMs - state.offsetMs).phase === 'live'
  return isLive ? house.measurement.watts : undefined
}
