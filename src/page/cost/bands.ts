/** The bands of the tariff's form: a name, a price, from when to when, and on which days. */
import type { Context } from '../context.ts'
import { make } from '../elements.ts'
import { type BandDraft, type ChangeDraft, newBand } from './draft.ts'
import { addField, type Fields, makeInput } from './fields.ts'

/** It takes the focus when a band is gone; none of the daemon's fields. */
const addButton = 'add'

/** @param place of the change, such as `changes[0]` @param render shows the form anew, and goes to a field of it */
export function makeBands(
  context: Context,
  fields: Fields,
  place: string,
  change: ChangeDraft,
  render: (focus?: string) => void
): HTMLElement {
  const { form } = context.strings.cost
  const section = make('section', 'bands-form')
  section.append(make('h3', '', form.bands), make('p', 'note', form.bandsHint))
  for (const [index, band] of change.bands.entries()) {
    const card = makeBand(context, fields, `${place}.bands[${index}]`, band, index)
    const remove = make('button', 'icon-button', '×')
    remove.setAttribute('type', 'button')
    remove.setAttribute('aria-label', form.removeBand(band.name))
    remove.addEventListener('click', () => {
      change.bands.splice(index, 1)
      render(addButton)
    })
    card.prepend(remove)
    section.append(card)
  }
  const add = make('button', 'button', form.addBand)
  add.setAttribute('type', 'button')
  add.addEventListener('click', () => {
    change.bands.push(newBand(change.bands.length === 0 ? form.night : ''))
    render(`${place}.bands[${change.bands.length - 1}].${change.bands.length === 1 ? 'pricePerKWh' : 'name'}`)
  })
  fields.set(addButton, add)
  section.append(add)
  return section
}

function makeBand({ strings }: Context, fields: Fields, place: string, band: BandDraft, index: number): HTMLElement {
  const { form } = strings.cost
  const set = document.createElement('fieldset')
  set.className = 'band'
  set.append(make('legend', 'spoken', form.band(index + 1)))
  const group = make('div', 'fields')
  const name = makeInput('text', band.name, text => {
    band.name = text
  })
  name.maxLength = 40
  addField(group, fields, `${place}.name`, form.name, name)
  const price = makeInput('decimal', band.price, text => {
    band.price = text
  })
  addField(group, fields, `${place}.pricePerKWh`, form.price, price)
  const times = make('div', 'fields')
  const start = makeInput('time', band.start, text => {
    band.start = text
  })
  addField(times, fields, `${place}.start`, form.start, start)
  const end = makeInput('time', band.end, text => {
    band.end = text
  })
  addField(times, fields, `${place}.end`, form.end, end)
  set.append(group, times, make('p', 'note', form.allDay), makeDays(form.days, form.weekdays, fields, `${place}.days`, band))
  return set
}

function makeDays(title: string, names: readonly string[], fields: Fields, name: string, band: BandDraft): HTMLElement {
  const field = make('div', 'field')
  const days = make('div', 'days')
  days.setAttribute('role', 'group')
  days.setAttribute('aria-label', title)
  days.tabIndex = -1
  for (const [index, text] of names.entries()) {
    const day = index + 1
    const button = make('button', 'day', text)
    button.setAttribute('type', 'button')
    const show = (): void => button.setAttribute('aria-pressed', String(band.days.includes(day)))
    button.addEventListener('click', () => {
      band.days = band.days.includes(day) ? band.days.filter(other => other !== day) : [...band.days, day]
      show()
    })
    show()
    days.append(button)
  }
  field.append(days)
  fields.set(name, days)
  return field
}
