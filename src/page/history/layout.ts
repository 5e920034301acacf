/** The elements of the History view, made once. */
import { make } from '../elements.ts'
import { units } from './periods.ts'
import type { HistoryWords } from './words.ts'

export type Layout = ReturnType<typeof makeLayout>

const svg = 'http://www.w3.org/2000/svg'
const shapes = { previous: 'M15 5l-7 7 7 7', next: 'M9 5l7 7-7 7', closer: 'M5 12h14M12 5v14', further: 'M5 12h14' } as const

export function makeLayout(host: HTMLElement, title: string, words: HistoryWords) {
  const root = make('div', 'page history')
  const sensors = group('history-sensors', words.sensor)
  const [bar, segments] = [make('div', 'history-bar'), group('segments', words.period)]
  const unitButtons = units.map(unit => button(segments, '', words.units[unit]))
  const { head, ...headParts } = makeHead(words)
  bar.append(segments, head)
  const { total, ...totalParts } = makeTotal(words)
  const compared = make('p', 'note history-compared')
  const old = make('p', 'notice warn history-old')
  old.hidden = true
  const plotParts = makePlot(words)
  const { foot, toggleRow, ...footParts } = makeFoot(words)
  const [figures, knowledge, table] = [
    make('dl', 'card history-figures'),
    make('div', 'history-knowledge'),
    make('div', 'scrolling history-table')
  ]
  const csv = document.createElement('a')
  csv.className = 'button quiet history-csv'
  csv.textContent = words.csv
  csv.download = ''
  const status = make('p', 'spoken')
  status.setAttribute('role', 'status')
  root.append(make('h1', 'spoken', title), sensors, bar, total, compared, old, plotParts.plot, plotParts.keys, foot, toggleRow)
  root.append(table, figures, knowledge, csv, status)
  host.append(root)
  return {
    root,
    sensors,
    unitButtons,
    ...headParts,
    ...totalParts,
    compared,
    old,
    ...plotParts,
    ...footParts,
    figures,
    knowledge,
    table,
    csv,
    status
  }
}

export function button(parent: HTMLElement, className: string, text: string): HTMLButtonElement {
  const element = document.createElement('button')
  element.type = 'button'
  element.className = className
  element.textContent = text
  parent.append(element)
  return element
}

/** The period's name between the ways to its neighbours. */
function makeHead(words: HistoryWords) {
  const head = make('div', 'history-head')
  const previous = signButton(head, 'previous', words.previous)
  const name = button(head, 'history-name', '')
  const [nameText, dateText] = [make('strong'), make('span')]
  name.append(nameText, ' ', dateText, make('span', 'spoken', words.toToday))
  const next = signButton(head, 'next', words.next)
  return { head, previous, name, nameText, dateText, next }
}

function makeTotal(words: HistoryWords) {
  const total = make('p', 'history-total')
  const [totalLabel, amount, unit] = [make('span', 'spoken'), make('span', 'history-amount'), make('span', 'history-unit')]
  const [money, cost] = [make('span', 'history-money'), make('span', 'history-cost')]
  money.hidden = true
  money.append(make('span', 'spoken', words.cost), cost, make('small', '', words.costOf))
  total.append(totalLabel, amount, unit, money)
  return { total, totalLabel, amount, unit, money, cost }
}

/** The chart moves with a finger; what is told of it stays where it is. */
function makePlot(words: HistoryWords) {
  const plot = make('div', 'history-plot')
  plot.tabIndex = 0
  plot.setAttribute('role', 'group')
  const keys = make('p', 'spoken', words.keys)
  keys.id = 'history-keys'
  plot.setAttribute('aria-describedby', keys.id)
  const [slide, cursor, notice] = [make('div', 'history-slide'), make('div', 'history-cursor'), make('div', 'history-notice')]
  const [noticeTitle, noticeText] = [make('h2'), make('p')]
  notice.append(noticeTitle, noticeText)
  cursor.hidden = true
  slide.append(cursor)
  const tip = makeTip()
  plot.append(slide, tip.root, notice)
  return { plot, keys, slide, cursor, tip, noticeTitle, noticeText }
}

/** What is read at a place of the chart; of a column it opens what the column stands for. */
function makeTip() {
  const root = make('button', 'history-tip')
  root.setAttribute('type', 'button')
  root.tabIndex = -1
  root.hidden = true
  const [value, time, more] = [make('strong'), make('span'), make('small')]
  root.append(value, time, more)
  return { root, value, time, more }
}

function makeFoot(words: HistoryWords) {
  const [foot, legend, zooms] = [make('div', 'history-foot'), make('ul', 'history-legend'), make('div', 'history-zooms')]
  const further = signButton(zooms, 'further', words.further)
  const closer = signButton(zooms, 'closer', words.closer)
  foot.append(legend, zooms)
  const toggleRow = make('div', 'history-toggles')
  const toggles = {
    before: button(toggleRow, 'history-chip', ''),
    warmth: button(toggleRow, 'history-chip', words.temperature),
    byDay: button(toggleRow, 'history-chip', words.byDay),
    table: button(toggleRow, 'history-chip', words.asTable)
  }
  return { foot, toggleRow, legend, further, closer, toggles }
}

function group(className: string, label: string): HTMLElement {
  const element = make('div', className)
  element.setAttribute('role', 'group')
  element.setAttribute('aria-label', label)
  return element
}

function signButton(parent: HTMLElement, shape: keyof typeof shapes, label: string): HTMLButtonElement {
  const element = button(parent, 'icon-button', '')
  const [root, path] = [document.createElementNS(svg, 'svg'), document.createElementNS(svg, 'path')]
  root.setAttribute('viewBox', '0 0 24 24')
  root.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', shapes[shape])
  root.append(path)
  element.append(root)
  element.setAttribute('aria-label', label)
  return element
}
