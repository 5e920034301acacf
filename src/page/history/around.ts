/** Puts what is known into the elements around the chart: names, figures, legend, table. */
import { make, setText } from '../elements.ts'
import { type Choice, keyOf } from './choices.ts'
import { figuresOf, headlineOf, knowledgeOf, tableOf, type Writing } from './figures.ts'
import { button, type Layout } from './layout.ts'
import type { Picture } from './picture.ts'
import { backfilledShare } from './spans.ts'
import type { Totals } from './totals.ts'

/** One chip for each; with one alone there is nothing to choose. */
export function showChoices(
  { sensors }: Layout,
  choices: readonly Choice[],
  chosen: Choice | undefined,
  choose: (choice: Choice) => void
): void {
  sensors.hidden = choices.length < 2
  const key = choices.map(choice => keyOf(choice) + choice.name).join('\n')
  if (sensors.dataset['key'] !== key) {
    sensors.dataset['key'] = key
    sensors.replaceChildren()
    for (const choice of choices) {
      const chip = button(sensors, 'history-chip', choice.name)
      chip.dataset['choice'] = keyOf(choice)
      chip.addEventListener('click', () => choose(choice))
    }
  }
  for (const chip of sensors.querySelectorAll<HTMLElement>('button')) {
    const pressed = chosen !== undefined && chip.dataset['choice'] === keyOf(chosen)
    if (pressed && chip.getAttribute('aria-pressed') !== 'true') chip.scrollIntoView({ block: 'nearest', inline: 'center' })
    chip.setAttribute('aria-pressed', String(pressed))
  }
}

export function showTotals(layout: Layout, totals: Totals, writing: Writing, days: boolean, beganMs: number | undefined): void {
  const { label, amount, unit } = headlineOf(totals, writing)
  setText(layout.totalLabel, label)
  layout.totalLabel.className = label === writing.words.exported ? 'history-unit' : 'spoken' // what is drawn goes without saying
  setText(layout.amount, amount)
  setText(layout.unit, unit)
  const figures = figuresOf(totals, writing, days)
  layout.figures.hidden = figures.length === 0
  layout.figures.replaceChildren(
    ...figures.map(({ label, value, note }) => {
      const [row, name, text] = [make('div'), make('dt', '', label), make('dd', '', value)]
      row.append(name, text)
      if (note !== '') text.append(' ', make('small', '', note))
      return row
    })
  )
  layout.knowledge.replaceChildren(...knowledgeOf(totals, writing, beganMs).map(text => make('p', 'note', text)))
}

/** Only what is to be seen in the picture. */
export function showLegend(
  { legend }: Layout,
  picture: Picture,
  { words, formats }: Writing,
  other: string | undefined,
  warmth: boolean
): void {
  const power = picture.kind === 'power'
  const ranged = power && picture.spans.some(({ minWatts, maxWatts }) => minWatts !== maxWatts)
  const entries: readonly (readonly [mark: string, text: string | false | undefined])[] = [
    ['mean', power && words.mean],
    ['range', ranged && words.range],
    ['imported', !power && picture.spans.some(({ exportedWh }) => exportedWh > 0) && words.used],
    ['exported', picture.scale.least < 0 && words.exported],
    ['backfilled', picture.spans.some(span => backfilledShare(span) > 0) && words.backfilled],
    ['unknown', picture.unknown.length > 0 && words.unknown],
    [power ? 'before' : 'before-mark', other],
    ['warmth', warmth && picture.warmth && `${words.temperature} ${picture.warmth.map(formats.temperature).join('–')}`]
  ]
  legend.replaceChildren(
    ...entries.flatMap(([mark, text]) => {
      if (text === false || text === undefined) return []
      const item = make('li', '', text)
      item.prepend(make('i', mark))
      return [item]
    })
  )
}

export function showTable({ table }: Layout, picture: Picture, writing: Writing, caption: string): void {
  const { head, rows } = tableOf(picture, writing)
  const [element, title, top, body] = [make('table', 'table'), make('caption', 'spoken', caption), make('thead'), make('tbody')]
  top.append(rowOf('th', head))
  body.append(...rows.map(row => rowOf('td', row)))
  element.append(title, top, body)
  table.replaceChildren(element)
  table.tabIndex = 0
  table.setAttribute('role', 'region')
  table.setAttribute('aria-label', caption)
}

function rowOf(tag: 'th' | 'td', texts: readonly string[]): HTMLElement {
  const row = make('tr')
  for (const [index, text] of texts.entries()) {
    const cell = make(index === 0 ? 'th' : tag, index === 0 ? '' : 'number', text)
    cell.setAttribute('scope', tag === 'th' ? 'col' : 'row')
    if (tag === 'td' && index > 0) cell.removeAttribute('scope')
    row.append(cell)
  }
  return row
}
