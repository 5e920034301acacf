/** The sensors, each with what is corrected of it, and the sheet that changes that. */

import type { SensorAnswer, SensorChange } from '../../api.ts'
import { ApiError } from '../api.ts'
import { buttonOf, fieldOf, inputOf, switchOf } from '../console/form.ts'
import type { Context } from '../context.ts'
import { make, setText } from '../elements.ts'
import { labelOf } from '../known.ts'
import { nameOf } from '../phrases.ts'
import { openSheet } from '../sheet.ts'
import { correctionsText, type DeviceSensor, ranges, readForm } from './present.ts'
import type { Words } from './words.ts'

interface Row {
  readonly root: HTMLElement
  readonly name: HTMLElement
  readonly what: HTMLElement
  readonly button: HTMLButtonElement
}

export class Sensors {
  readonly root = make('section', 'card')
  readonly #list = make('ul', 'rows')
  readonly #empty = make('p', 'note')
  readonly #rows = new Map<string, Row>()
  readonly #known = new Map<string, DeviceSensor>()
  readonly #context: Context
  readonly #words: Words
  readonly #changed: () => void

  constructor(context: Context, words: Words, changed: () => void) {
    this.#context = context
    this.#words = words
    this.#changed = changed
    this.root.append(make('h2', '', words.sensors), this.#list, this.#empty)
  }

  show(sensors: readonly DeviceSensor[], nowMs: number): void {
    setText(this.#empty, sensors.length === 0 ? this.#words.noSensors : '')
    for (const [place, row] of this.#rows)
      if (!sensors.some(({ sensor }) => sensor === place)) {
        row.root.remove()
        this.#rows.delete(place)
      }
    for (const sensor of sensors) {
      this.#known.set(sensor.sensor, sensor)
      this.#fill(this.#rows.get(sensor.sensor) ?? this.#add(sensor), sensor, nowMs)
    }
  }

  #add({ sensor }: DeviceSensor): Row {
    const [root, text, name, what] = [make('li'), make('span', 'two'), make('span', 'name'), make('span', 'note')]
    const button = buttonOf('', () => this.#open(sensor), 'row')
    text.append(name, what)
    button.append(text)
    root.append(button)
    this.#list.append(root)
    const row = { root, name, what, button }
    this.#rows.set(sensor, row)
    return row
  }

  #fill({ name, what, button }: Row, sensor: DeviceSensor, nowMs: number): void {
    const { kinds, heard, radioId } = this.#words
    setText(name, titleOf(sensor, this.#context))
    const model = sensor.model ?? kinds[sensor.kind]
    const id = sensor.radioId === null ? '' : radioId(sensor.radioId)
    const age = heard(this.#context.formats.age(Math.max(nowMs - sensor.atMs, 0)))
    setText(what, [model, id, correctionsText(sensor.settings, this.#words), age].filter(part => part !== '').join(' · '))
    button.disabled = sensor.kind === 'derived' // its formula stands in the settings file
  }

  #open(place: string): void {
    const sensor = this.#known.get(place)
    if (!sensor) return
    openSensorSheet(sensor, this.#context, this.#words, settings => {
      this.#known.set(place, { ...sensor, settings })
      this.#changed()
    })
  }
}

/** Named by the settings, else as the other views call it. */
function titleOf({ sensor, settings }: DeviceSensor, { strings, state }: Context): string {
  const label = { ...labelOf(state(), sensor), ...(settings.name ? { name: settings.name } : {}) }
  const name = nameOf(label, strings)
  return label.meter > 1 && label.name === '' ? strings.ofMeter(name, label.meter) : name
}

function openSensorSheet(sensor: DeviceSensor, context: Context, words: Words, changed: (settings: SensorChange) => void): void {
  const { settings } = sensor
  const isPower = sensor.kind === 'power'
  const sheet = openSheet(words.change(titleOf(sensor, context)), words.close)
  const form = document.createElement('form')
  sheet.root.classList.add('device-sheet')
  form.noValidate = true
  const sign = context.strings.language === 'de' ? ',' : '.'
  const textOf = (value: number | undefined) => String(value ?? '').replace('.', sign)
  const name = inputOf(settings.name ?? '', { maxlength: 40, autocapitalize: 'sentences' })
  const scale = inputOf(textOf(settings.scale), { inputmode: 'decimal', placeholder: '1' })
  const offset = inputOf(textOf(settings.temperatureOffset), { placeholder: '0' })
  const spikes = switchOf(words.spikeFilter, settings.spikeFilter ?? false, words.spikeFilterHint)
  const fix144 = switchOf(words.fix144, settings.fix144 ?? false, words.fix144Hint)
  const wrong = make('p', 'wrong')
  wrong.setAttribute('role', 'alert')
  const save = make('button', 'button primary', words.save) as HTMLButtonElement
  const back = buttonOf(words.takeBack, () => void send('DELETE', undefined), 'button quiet')
  const corrections = isPower ? [fieldOf(words.scale, scale, words.scaleHint)] : []
  const switches = isPower ? [spikes.root, fix144.root] : []
  form.append(
    fieldOf(words.name, name, words.nameHint),
    ...corrections,
    fieldOf(words.temperatureOffset, offset, words.temperatureOffsetHint),
    ...switches,
    wrong,
    save,
    back
  )
  sheet.body.append(form)

  async function send(method: 'PUT' | 'DELETE', change: unknown): Promise<void> {
    save.disabled = true
    try {
      const answer = await context.api.send<SensorAnswer>(method, `api/sensors/${sensor.sensor}`, change)
      changed(answer.settings)
      sheet.close()
    } catch (error) {
      setText(wrong, error instanceof ApiError ? error.message : String(error))
      save.disabled = false
      save.focus() // which it lost
    }
  }

  form.addEventListener('submit', event => {
    event.preventDefault()
    const read = readForm(
      {
        name: name.value,
        scale: scale.value,
        temperatureOffset: offset.value,
        spikeFilter: spikes.input.checked,
        fix144: fix144.input.checked
      },
      settings
    )
    const inputs = { scale, temperatureOffset: offset }
    for (const input of Object.values(inputs)) input.removeAttribute('aria-invalid')
    if (read.kind === 'change') return void send('PUT', read.change)
    const [least, most] = ranges[read.field]
    setText(wrong, words.notNumber(words[read.field], textOf(least).replace('-', '\u2212'), textOf(most)))
    inputs[read.field].setAttribute('aria-invalid', 'true')
    inputs[read.field].focus()
  })
}
