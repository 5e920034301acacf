/** What the month will come to: a sum, and a line on which it stands so far and may end. */
import type { CostAnswer } from '../../api.ts'
import type { Context } from '../context.ts'
import { make } from '../elements.ts'
import type { CostFormats } from './format.ts'
import { gaugeOf } from './present.ts'

/** An estimate is no better than this. */
const centsBelow = 20

export function makeForecast({ strings }: Context, costs: CostFormats, answer: CostAnswer): HTMLElement {
  const { cost } = strings
  const { forecast, nowMs } = answer
  const card = make('section', 'card forecast')
  card.append(make('h2', '', cost.forecast(costs.month(nowMs))))
  if (!forecast) {
    card.append(make('p', 'note', cost.soon))
    return card
  }
  card.append(make('p', 'big', cost.about(costs.money(forecast.month, centsBelow))))
  const gauge = gaugeOf(answer)
  if (gauge) {
    const [line, soFar, range] = [make('div', 'gauge'), make('i', 'so-far'), make('i', 'range')]
    soFar.style.width = `${100 * gauge.soFar}%`
    range.style.left = `${100 * gauge.low}%`
    range.style.width = `${100 * (gauge.high - gauge.low)}%`
    line.append(soFar, range)
    card.append(line)
  }
  card.append(
    make('p', '', cost.range(costs.money(forecast.low, centsBelow), costs.money(forecast.high, centsBelow))),
    make('p', 'note', cost.days(forecast.days))
  )
  return card
}
