/** The Device view: how meters, sensors, memory, store and clients are, what the doctor says of it, and what can be changed. */

import type { DeviceAnswer } from '../../api.ts'
import { buttonOf, copyButtonOf, fieldOf } from '../console/form.ts'
import type { Context, OpenView, OpenViewIn } from '../context.ts'
import { make, setSentence, setText } from '../elements.ts'
import { chooseLanguage, chosenLanguage } from '../language.ts'
import { type Language, languages } from '../languages.ts'
import { type AccessCard, makeAccess } from './access.ts'
import { makeBackup } from './backup.ts'
import { german } from './german.ts'
import { Log } from './log.ts'
import { faultsText, sizeText, supportText, upText } from './present.ts'
import { Sensors } from './sensors.ts'
import { english, type Words } from './words.ts'

const refreshMs = 5_000

export const open: OpenViewIn = (host, context) => new Device(host, context)

class Device implements OpenView {
  readonly #context: Context
  readonly #words: Words
  readonly #root = make('div', 'page device')
  readonly #old = make('p', 'notice warn')
  readonly #loading = make('div', 'skeleton')
  readonly #cards = make('div', 'cards-grid')
  readonly #findings = make('ul', 'findings')
  readonly #meters = make('ul', 'rows')
  readonly #sensors: Sensors
  readonly #memory = make('div', 'gauges')
  readonly #store = make('div', 'gauges')
  readonly #clients = make('dl', 'rows')
  readonly #faults = make('dl', 'rows')
  readonly #about = make('dl', 'rows')
  readonly #log: Log
  readonly #access: AccessCard
  readonly #shown = new Map<HTMLElement, string>()
  readonly #ends = new AbortController()
  #answer: DeviceAnswer | undefined
  #answeredMs = 0
  #failed = false
  #timer: number | undefined

  constructor(host: HTMLElement, context: Context) {
    this.#context = context
    this.#words = context.strings.language === 'de' ? german : english
    this.#sensors = new Sensors(context, this.#words, () => void this.#refresh())
    this.#access = makeAccess(context, this.#words, () => void this.#refresh())
    this.#log = new Log(this.#words, () => void this.#unlock())
    this.#old.setAttribute('role', 'status')
    this.#old.hidden = true
    this.#cards.hidden = true
    this.#cards.append(...this.#sections())
    this.#root.append(make('h1', '', context.strings.frame.views.device), this.#old, this.#loading, this.#cards)
    host.append(this.#root)
    document.addEventListener('visibilitychange', () => this.#refresh(), { signal: this.#ends.signal })
    void this.#refresh()
  }

  show(): void {
    this.#paint()
  }

  close(): void {
    this.#ends.abort()
    clearTimeout(this.#timer)
  }

  #sections(): readonly HTMLElement[] {
    const words = this.#words
    const support = copyButtonOf(words.support, words.copied, () => (this.#answer ? supportText(this.#answer, navigator.userAgent) : ''))
    const api = make('a', 'button quiet', words.api)
    api.setAttribute('href', 'api')
    const links = make('div', 'actions')
    links.append(support, api)
    return [
      cardOf(words.findings, this.#findings),
      cardOf(words.meters, this.#meters),
      this.#sensors.root,
      cardOf(words.memory, this.#memory),
      cardOf(words.store, this.#store),
      cardOf(words.clients, this.#clients),
      cardOf(words.faults, this.#faults),
      makeBackup(this.#context, words),
      makePageCard(this.#context, words),
      this.#access.root,
      cardOf(words.about, this.#about, links),
      this.#log.root
    ]
  }

  async #unlock(): Promise<void> {
    if (await this.#context.admit('change')) await this.#refresh()
  }

  /** Asks for the state now, and again while the page is seen. */
  async #refresh(): Promise<void> {
    clearTimeout(this.#timer)
    if (document.hidden || this.#ends.signal.aborted) return
    try {
      this.#answer = await this.#context.api.get<DeviceAnswer>('api/device', this.#ends.signal)
      this.#answeredMs = performance.now()
      this.#failed = false
    } catch {
      this.#failed = true
    }
    if (this.#ends.signal.aborted) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#refresh(), refreshMs)
    this.#paint()
  }

  #paint(): void {
    const answer = this.#answer
    const { formats, strings } = this.#context
    const ageMs = performance.now() - this.#answeredMs
    this.#old.hidden = !this.#failed
    setText(
      this.#old,
      !this.#failed ? '' : answer ? this.#words.old(formats.moment(answer.nowMs, answer.nowMs + ageMs)) : strings.frame.silent
    )
    this.#root.toggleAttribute('data-old', this.#failed)
    this.#loading.hidden = answer !== undefined || this.#failed
    this.#cards.hidden = answer === undefined
    if (!answer) return
    this.#sensors.show(answer.sensors, answer.nowMs + ageMs)
    this.#log.show(answer.log)
    this.#access.show()
    this.#showState(answer)
    this.#showNumbers(answer)
  }

  #showState({ findings, meters }: DeviceAnswer): void {
    const words = this.#words
    this.#renew(this.#findings, findings, () =>
      findings.map(({ level, text }) => {
        const [row, mark] = [make('li'), make('span', 'mark', words.levels[level])]
        row.setAttribute('data-level', level)
        row.append(mark, this.#told('span', '', text))
        return row
      })
    )
    this.#renew(this.#meters, meters, () =>
      meters.map(({ source, state, message, simulated }) => {
        const [row, text] = [make('li', 'row'), make('span', 'two')]
        text.append(make('span', 'name', source), this.#told('span', 'note', message))
        row.append(text, make('span', 'meter-state', simulated ? words.simulated : (words.states[state] ?? state)))
        row.setAttribute('data-state', state)
        return row
      })
    )
  }

  #showNumbers({ memory, store, clients, faults, version, upSeconds, zone }: DeviceAnswer): void {
    const words = this.#words
    const { pool } = memory
    const size = (bytes: number) => sizeText(bytes, this.#context.strings.language)
    const slabs = (count: number) => size(count * pool.slabBytes)
    this.#renew(this.#memory, memory, () => [
      ...factOf(words.resident, size(memory.residentBytes)),
      make('p', 'note', words.promise(size(memory.heldBytesMax))),
      ...gaugeOf(words.pool, pool.slabs - pool.free, pool.slabs),
      make('p', 'note', words.poolUsed(slabs(pool.slabs - pool.free), slabs(pool.slabs), slabs(pool.slabs - pool.freeLeast)))
    ])
    this.#renew(this.#store, store, () => [
      ...factOf(words.disk, size(store.diskBytes), store.state === 'open' ? '' : words.storeStates[store.state]),
      ...gaugeOf(words.disk, store.diskBytes, store.diskBytesMax),
      make('p', 'note', words.ofAtMost(size(store.diskBytes), size(store.diskBytesMax))),
      make('p', 'note', store.waitingBytes > 0 ? words.waiting(size(store.waitingBytes)) : ''),
      this.#told('p', 'note', store.message)
    ])
    this.#renew(this.#clients, clients, () => [
      rowOf(words.connected, `${clients.connected} / ${clients.max}`),
      rowOf(words.sessions, String(clients.sessions)),
      rowOf(words.retained, String(clients.retained))
    ])
    const counted = faultsText(faults, words)
    this.#renew(this.#faults, faults, () =>
      counted.length === 0 ? [rowOf(words.noFaults, '')] : counted.map(([what, count]) => rowOf(what, count))
    )
    this.#renew(this.#about, [version, Math.floor(upSeconds / 60), zone], () => [
      rowOf(words.version, version),
      rowOf(words.up, upText(upSeconds, words)),
      rowOf(words.zone, zone)
    ])
  }

  /** What the daemon says in its own words, or in the page's if those are known. */
  #told(tag: string, className: string, text: string): HTMLElement {
    const [element, sentence] = [make(tag, className), this.#context.strings.told(text)]
    setSentence(element, sentence)
    if (sentence === text) element.lang = 'en'
    return element
  }

  /** Makes what an element holds anew, if that says something else now. */
  #renew(element: HTMLElement, said: unknown, make: () => readonly HTMLElement[]): void {
    const text = JSON.stringify(said)
    if (this.#shown.get(element) === text) return
    this.#shown.set(element, text)
    element.replaceChildren(...make())
  }
}

function cardOf(title: string, ...content: readonly HTMLElement[]): HTMLElement {
  const card = make('section', 'card')
  card.append(make('h2', '', title), ...content)
  return card
}

function makePageCard(context: Context, words: Words): HTMLElement {
  const select = document.createElement('select')
  const chosen = chosenLanguage()
  select.append(new Option(words.ofBrowser, '', false, chosen === undefined))
  for (const [code, name] of Object.entries(languages)) select.append(new Option(name, code, false, code === chosen))
  select.addEventListener('change', () => chooseLanguage(select.value === '' ? undefined : (select.value as Language)))
  const alerts = async () => (await import('../alerts/sheet.ts')).openAlerts(context)
  const button = buttonOf(words.alerts, () => void alerts().catch(() => {})) // without the daemon there is no sheet either
  const actions = make('div', 'actions')
  actions.append(button)
  return cardOf(words.page, fieldOf(words.language, select), make('p', 'note alerts', words.alertsWhy), actions)
}

function rowOf(name: string, value: string): HTMLElement {
  const row = make('div', 'row')
  row.append(make('dt', '', name), make('dd', 'number', value))
  return row
}

function factOf(name: string, value: string, warning = ''): readonly HTMLElement[] {
  const fact = make('p', 'fact')
  fact.append(make('span', 'note', name), make('span', 'big', value), make('span', 'wrong', warning))
  return [fact]
}

/** A bar with how full something is. */
function gaugeOf(name: string, value: number, most: number): readonly HTMLElement[] {
  const meter = document.createElement('meter')
  meter.max = Math.max(most, 1)
  meter.value = value
  meter.high = meter.max * 0.85
  meter.setAttribute('aria-label', name)
  return [make('p', 'note gauge-name', name), meter]
}
