/** The sheet in which the user sets when this browser is to raise an alert. */

import type { Context } from '../context.ts'
import { make, setText } from '../elements.ts'
import { isHouse, isPower, knownOf, labelOf } from '../known.ts'
import { staleMsOf } from '../phase.ts'
import { fullNameOf } from '../phrases.ts'
import { meterIds } from '../places.ts'
import { openSheet } from '../sheet.ts'
import { loadStyle } from '../style.ts'
import { notify, permissionNow, requestPermission } from './notify.ts'
import { bounds, type Rule, type RuleKind } from './rules.ts'
import { storedRules, storeRules } from './stored.ts'
import { watchForAlerts } from './watcher.ts'
import { alertWords } from './words.ts'

/** What is offered to who has set nothing yet. */
const offered = { usage: { watts: 3_000, minutes: 30 }, silent: { minutes: 10 }, idle: { watts: 20, hours: 6 } } as const

/** Opens the sheet over the page. */
export async function openAlerts(context: Context): Promise<void> {
  await loadStyle('alerts').catch(() => {}) // plain is better than nothing
  const { strings } = context
  const words = alertWords(strings.language)
  const sheet = openSheet(words.title, strings.frame.close)
  const form = document.createElement('form')
  const state = make('p', 'notice warn')
  state.setAttribute('role', 'status')
  state.hidden = true
  const groups = [usageGroup(context), silentGroup(context), idleGroup(context)]
  const [save, test] = [make('button', 'button primary', words.save), make('button', 'button', words.test)]
  test.setAttribute('type', 'button')
  const actions = make('div', 'actions')
  actions.append(save, test)
  form.append(make('p', '', words.why), state, ...groups.map(({ root }) => root), make('p', 'note', words.limits), actions)
  sheet.body.append(form)

  const showPermission = async () => {
    const permission = await permissionNow()
    state.hidden = permission === 'granted' || permission === 'ask'
    if (permission !== 'granted' && permission !== 'ask') setText(state, words[permission])
    test.hidden = permission === 'insecure' || permission === 'unable'
  }
  void showPermission()
  test.addEventListener('click', async () => {
    await requestPermission()
    await showPermission()
    await notify(words.tested, 'test')
  })
  /** Who has just said no is told what that means; who knew it is not. */
  const saved = async (rules: readonly Rule[]) => {
    if (rules.length > 0) watchForAlerts(context)
    const isAsked = rules.length > 0 && (await permissionNow()) === 'ask'
    if (!isAsked || (await requestPermission()) !== 'denied') return sheet.close()
    await showPermission()
    state.scrollIntoView({ block: 'nearest' })
  }
  form.addEventListener('submit', event => {
    event.preventDefault()
    const rules = groups.flatMap(({ rule }) => rule() ?? [])
    storeRules(rules)
    void saved(rules)
  })
}

/** One kind of rule, with its switch and its numbers. */
interface Group {
  readonly root: HTMLElement
  /** As it is set; undefined while it is turned off. */
  readonly rule: () => Rule | undefined
}

function usageGroup({ strings }: Context): Group {
  const known = ruleOf('usage')
  const { watts, minutes } = known ?? offered.usage
  const inputs = [numberInput(watts, bounds.watts), numberInput(minutes, bounds.minutes)] as const
  const { above, minutes: forMinutes, usage } = alertWords(strings.language)
  const { root, isOn } = group(usage, known !== undefined, [field(above, inputs[0]), field(forMinutes, inputs[1])])
  return { root, rule: () => (isOn() ? { kind: 'usage', watts: inputs[0].valueAsNumber, minutes: inputs[1].valueAsNumber } : undefined) }
}

function silentGroup({ strings }: Context): Group {
  const known = ruleOf('silent')
  const input = numberInput((known ?? offered.silent).minutes, bounds.minutes)
  const { minutes, silent } = alertWords(strings.language)
  const { root, isOn } = group(silent, known !== undefined, [field(minutes, input)])
  return { root, rule: () => (isOn() ? { kind: 'silent', minutes: input.valueAsNumber } : undefined) }
}

function idleGroup(context: Context): Group {
  const words = alertWords(context.strings.language)
  const known = ruleOf('idle')
  const { watts, hours } = known ?? offered.idle
  const inputs = [numberInput(watts, bounds.watts), numberInput(hours, bounds.hours)] as const
  const select = document.createElement('select')
  select.required = true
  for (const [place, name] of sensorsOf(context, known?.sensor)) select.append(new Option(name, place, false, place === known?.sensor))
  const { root, isOn } = group(words.idle, known !== undefined, [
    field(words.sensor, select),
    field(words.below, inputs[0]),
    field(words.hours, inputs[1])
  ])
  root.append(make('p', 'note', words.idleHint))
  const rule = (): Rule | undefined =>
    isOn() && select.value !== ''
      ? { kind: 'idle', sensor: select.value, watts: inputs[0].valueAsNumber, hours: inputs[1].valueAsNumber }
      : undefined
  return { root, rule }
}

function group(title: string, on: boolean, fields: readonly HTMLElement[]): { readonly root: HTMLElement; readonly isOn: () => boolean } {
  const [root, label, row] = [make('section', 'card alert'), make('label', 'switch'), document.createElement('fieldset')]
  row.className = 'fields'
  const input = document.createElement('input')
  input.type = 'checkbox'
  input.setAttribute('role', 'switch')
  input.checked = on
  const show = () => {
    row.hidden = !input.checked
    row.disabled = !input.checked // what cannot be seen need not be right
  }
  input.addEventListener('change', show)
  show()
  label.append(make('span', '', title), input)
  row.append(...fields)
  root.append(label, row)
  return { root, isOn: () => input.checked }
}

function field(label: string, input: HTMLElement): HTMLElement {
  const root = make('label', 'field')
  root.append(make('span', '', label), input)
  return root
}

function numberInput(value: number, [least, most]: readonly [number, number]): HTMLInputElement {
  const input = document.createElement('input')
  input.type = 'number'
  input.inputMode = 'numeric'
  input.required = true
  input.min = String(least)
  input.max = String(most)
  input.value = String(value)
  return input
}

function ruleOf<Kind extends RuleKind>(kind: Kind): (Rule & { readonly kind: Kind }) | undefined {
  return storedRules().find((rule): rule is Rule & { readonly kind: Kind } => rule.kind === kind)
}

/** Those that measure power, by place; whole houses last, for they never stay off. One that is watched is here before it is heard again. */
function sensorsOf({ state, nowMs, strings }: Context, watched = ''): readonly (readonly [place: string, name: string])[] {
  const known = meterIds.flatMap(id => knownOf(state(), id, nowMs(), staleMsOf(state()))).filter(isPower)
  const sorted = [...known.filter(one => !isHouse(one)), ...known.filter(isHouse)]
  const places = sorted.map(({ place }) => place)
  const all = watched === '' || places.includes(watched) ? places : [...places, watched]
  return all.map(place => [place, fullNameOf(labelOf(state(), place), strings)])
}
