/** The form for a tariff: one price first, then what few need. */
import type { TariffTold } from '../../api.ts'
import { ApiError } from '../api.ts'
import type { Context } from '../context.ts'
import { make, setText } from '../elements.ts'
import { makeBands } from './bands.ts'
import { listCurrencies } from './currencies.ts'
import { type ChangeDraft, check, type Draft, looksHundredfold, nextChange } from './draft.ts'
import { addField, type Fields, makeInput, showFaults } from './fields.ts'
import { costFormats } from './format.ts'

/** The one to choose by, among the fields: none of the daemon's. */
const choiceField = 'choice'
/** For so long a button that asked waits for its second touch. */
const sureMs = 4_000

/** What a form is made for. */
export interface FormTask {
  readonly draft: Draft
  readonly locale: string
  /** `YYYY-MM-DD`, in the user's zone. */
  readonly today: string
  /** What is said on the button. */
  readonly save: string
  /** The daemon has taken it. */
  readonly saved: () => void
  /** There when one is set already, which may be removed: it was, and that of the settings file is left, if there is one. */
  readonly removed?: (left: TariffTold | null) => void
}

export function makeForm(context: Context, task: FormTask): HTMLElement {
  const form = document.createElement('form')
  form.className = 'tariff'
  form.noValidate = true
  let shown = task.draft.changes.length - 1
  let fields: Fields = new Map()
  const render = (focus?: string): void => {
    fields = new Map()
    shown = Math.min(shown, task.draft.changes.length - 1)
    const change = task.draft.changes[shown] as ChangeDraft
    const choose = (index: number, focus: string): void => {
      shown = index
      render(focus)
    }
    const more = makeMore(context, task, fields, shown, change, render, choose)
    more.open ||= form.querySelector('details')?.open === true
    form.replaceChildren(
      ...makeChoice(context, task, fields, shown, choose),
      makeBasics(context, task, fields, shown, change),
      more,
      ...makeEnd(context, task, fields)
    )
    if (focus !== undefined) fields.get(focus)?.focus()
    form.onsubmit = event => {
      event.preventDefault()
      const checked = check(task.draft)
      if (checked.kind === 'good') return void send(context, task, fields, form, checked.tariff)
      const [field = ''] = checked.faults.keys()
      const [, index] = /^changes\[(\d+)\]/.exec(field) ?? []
      if (index !== undefined && Number(index) !== shown) {
        shown = Number(index)
        render()
      }
      const { faults } = context.strings.cost.form
      showFaults(fields, new Map([...checked.faults].map(([field, fault]) => [field, faults[fault]])))
    }
  }
  render()
  return form
}

/** Which of the dated changes is shown. */
function makeChoice(
  { strings }: Context,
  { draft, locale }: FormTask,
  fields: Fields,
  shown: number,
  choose: (index: number, focus: string) => void
): HTMLElement[] {
  if (draft.changes.length === 1) return []
  const { form } = strings.cost
  const field = make('label', 'field')
  const select = document.createElement('select')
  const { date } = costFormats(locale, 'EUR', 'UTC')
  for (const [index, { from }] of draft.changes.entries())
    select.append(new Option(form.since(from === '' ? '…' : date(Date.parse(from))), String(index), false, index === shown))
  select.addEventListener('change', () => choose(Number(select.value), choiceField))
  fields.set(choiceField, select)
  field.append(make('span', '', form.change), select)
  return [field]
}

function makeBasics({ strings }: Context, { draft, locale }: FormTask, fields: Fields, shown: number, change: ChangeDraft): HTMLElement {
  const { form } = strings.cost
  const place = `changes[${shown}]`
  const group = make('div', 'fields')
  const currency = document.createElement('select')
  for (const { code, name } of listCurrencies(locale, draft.currency))
    currency.append(new Option(`${name} (${code})`, code, false, code === draft.currency))
  const hint = make('span', 'hint')
  const showHint = (): void => {
    const price = change.price.trim().replace(',', '.')
    hint.textContent = looksHundredfold(price, draft.currency) ? form.high(costFormats(locale, draft.currency, 'UTC').price(price)) : ''
  }
  currency.addEventListener('change', () => {
    draft.currency = currency.value
    showHint()
  })
  const label = make('label', 'field currency')
  label.append(make('span', '', form.currency), currency)
  fields.set('currency', currency)
  const price = makeInput('decimal', change.price, text => {
    change.price = text
    showHint()
  })
  price.placeholder = draft.currency === 'GBP' ? '0.2455' : ''
  group.append(label)
  const title = change.bands.length > 0 ? form.priceElse : form.price
  const hold = addField(group, fields, `${place}.bands[${change.bands.length}].pricePerKWh`, title, price)
  hold.append(hint)
  const standing = makeInput('decimal', change.standing, text => {
    change.standing = text
  })
  addField(group, fields, `${place}.standingPerDay`, form.standing, standing)
  const vat = makeInput('decimal', change.vat, text => {
    change.vat = text
  })
  addField(group, fields, `${place}.vatPercent`, form.vat, vat, form.vatHint)
  showHint()
  return group
}

function makeMore(
  context: Context,
  { draft, today }: FormTask,
  fields: Fields,
  shown: number,
  change: ChangeDraft,
  render: (focus?: string) => void,
  choose: (index: number, focus: string) => void
): HTMLDetailsElement {
  const { form } = context.strings.cost
  const details = document.createElement('details')
  details.open = change.bands.length > 0 || change.exported !== '' || draft.changes.length > 1
  const place = `changes[${shown}]`
  const exported = makeInput('decimal', change.exported, text => {
    change.exported = text
  })
  const group = make('div', 'fields')
  addField(group, fields, `${place}.exportPerKWh`, form.exported, exported, form.exportedHint)
  const from = makeInput('date', change.from, text => {
    change.from = text
  })
  const dates = make('div', 'fields')
  addField(dates, fields, `${place}.from`, form.from, from, form.fromHint)
  const actions = make('div', 'actions')
  const add = makeButton('button', form.addChange, () => {
    draft.changes.push(nextChange(draft.changes.at(-1) as ChangeDraft, draft.changes.some(({ from }) => from === today) ? '' : today))
    const last = draft.changes.length - 1
    choose(last, `changes[${last}].from`)
  })
  actions.append(add)
  if (draft.changes.length > 1)
    actions.append(
      makeRemover(form.removeChange, form.removeSure, () => {
        draft.changes.splice(shown, 1)
        render(draft.changes.length > 1 ? choiceField : 'changes[0].from')
      })
    )
  details.append(
    make('summary', '', form.more),
    makeBands(context, fields, place, change, render),
    group,
    make('h3', '', form.changes),
    dates
  )
  details.append(actions)
  return details
}

function makeEnd(context: Context, task: FormTask, fields: Fields): HTMLElement[] {
  const { form } = context.strings.cost
  const wrong = make('p', 'wrong')
  wrong.setAttribute('role', 'alert')
  const actions = make('div', 'actions')
  const save = make('button', 'button primary', task.save)
  actions.append(save)
  const { removed } = task
  if (!removed) return [wrong, actions]
  const apart = make('div', 'actions') // from the button that is meant to be found
  apart.append(
    makeRemover(form.remove, form.removeSure, () => {
      context.api.send<TariffTold | null>('DELETE', 'api/tariff', undefined).then(removed, (error: unknown) => tell(fields, wrong, error))
    })
  )
  return [wrong, actions, apart]
}

/** The first touch asks, the second does it. */
function makeRemover(text: string, sure: string, remove: () => void): HTMLElement {
  const button = makeButton('button danger', text, ({ detail }) => {
    if (detail > 1) return // the second half of a double click is no second thought
    if (button.textContent === sure) return remove()
    button.textContent = sure
    setTimeout(() => setText(button, text), sureMs)
  })
  return button
}

async function send({ api }: Context, task: FormTask, fields: Fields, form: HTMLFormElement, tariff: TariffTold): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>('.primary')
  if (button) button.disabled = true
  try {
    await api.send('PUT', 'api/tariff', tariff)
    task.saved()
  } catch (error) {
    tell(fields, form.querySelector('.wrong[role]'), error)
  } finally {
    if (button) button.disabled = false
    if (!form.contains(document.activeElement)) button?.focus() // it lost it
  }
}

/** At its field, if the daemon names one that is shown, else at the end. */
function tell(fields: Fields, wrong: Element | null, error: unknown): void {
  if (!(error instanceof ApiError)) throw error
  const isShown = error.field !== undefined && fields.has(error.field)
  showFaults(fields, isShown ? new Map([[error.field as string, error.message]]) : new Map())
  if (wrong) wrong.textContent = isShown ? '' : error.message
}

function makeButton(className: string, text: string, act: (event: MouseEvent) => void): HTMLElement {
  const button = make('button', className, text)
  button.setAttribute('type', 'button')
  button.addEventListener('click', act)
  return button
}
