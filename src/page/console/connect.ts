/** The sheet in which a person says as whom to connect, and to what. */

import { make, setText } from '../elements.ts'
import { openSheet } from '../sheet.ts'
import { areaOf, choiceOf, fieldOf, inputOf, moreOf, switchOf } from './form.ts'
import { defaultSettings, faultOf, type Settings } from './settings.ts'
import type { Words } from './words.ts'

/** Hands over what was set, once it can be connected with. */
export function openConnectSheet(settings: Settings, ownAddress: string, words: Words, connect: (settings: Settings) => void): void {
  const sheet = openSheet(words.settings, words.close)
  sheet.root.classList.add('console-sheet')
  const form = document.createElement('form')
  form.noValidate = true // what is wrong is told in words of our own
  const address = inputOf(settings.address, { type: 'url', inputmode: 'url', list: 'console-addresses' })
  const addresses = document.createElement('datalist')
  addresses.id = 'console-addresses'
  addresses.append(new Option(words.addressOwn, ownAddress))
  const version = choiceOf(words.version, [[4, '3.1.1'] as const, [5, '5.0'] as const], settings.protocolVersion)
  const clientId = inputOf(settings.clientId, { placeholder: words.clientIdAny })
  const username = inputOf(settings.username, { autocomplete: 'username' })
  const password = inputOf(settings.password, { type: 'password', autocomplete: 'current-password' })
  const clean = switchOf(words.clean, settings.clean, words.cleanHint)
  const expiry = inputOf(String(settings.sessionExpirySeconds), { inputmode: 'numeric' })
  const keepAlive = inputOf(String(settings.keepAliveSeconds), { inputmode: 'numeric' })
  const { will } = settings
  const willTopic = inputOf(will.topic)
  const willPayload = areaOf(will.payload, { rows: 2 })
  const willQos = choiceOf('QoS', [[0, '0'] as const, [1, '1'] as const, [2, '2'] as const], will.qos)
  const willRetain = switchOf(words.retain, will.retain)
  const wrong = make('p', 'wrong')
  wrong.setAttribute('role', 'alert')
  const submit = make('button', 'button primary', words.connect)
  const pair = make('div', 'fields')
  pair.append(fieldOf(words.username, username, words.usernameHint), fieldOf(words.password, password, words.passwordHint))
  const expiryField = fieldOf(words.expiry, expiry)
  const sift = () => {
    expiryField.hidden = clean.input.checked || version.value === 4
  }
  for (const control of [version.root, clean.root]) control.addEventListener('change', sift)
  sift()
  form.append(
    fieldOf(words.address, address),
    addresses,
    fieldOf(words.clientId, clientId),
    pair,
    version.root,
    moreOf(words.session, [clean.root, expiryField, fieldOf(words.keepAlive, keepAlive)], !settings.clean),
    moreOf(
      words.will,
      [
        make('p', 'note', words.willHint),
        fieldOf(words.topic, willTopic),
        fieldOf(words.payload, willPayload),
        willQos.root,
        willRetain.root
      ],
      will.topic !== ''
    ),
    wrong,
    submit
  )
  sheet.body.append(form)
  form.addEventListener('submit', event => {
    event.preventDefault()
    const wanted: Settings = {
      ...settings,
      address: address.value.trim() || ownAddress,
      clientId: clientId.value,
      username: username.value,
      password: password.value,
      protocolVersion: version.value,
      clean: clean.input.checked,
      sessionExpirySeconds: countOf(expiry.value),
      keepAliveSeconds: countOf(keepAlive.value),
      will: { topic: willTopic.value, payload: willPayload.value, qos: willQos.value, retain: willRetain.input.checked }
    }
    const fault = faultOf(wanted, location.protocol === 'https:')
    setText(wrong, fault ? words.faults[fault] : '')
    if (fault) return
    sheet.close()
    connect(elsewhere(wanted, settings, ownAddress))
  })
}

/** All that one's own daemon says is little; all that a stranger's broker says may be anything: that is to be asked for. */
function elsewhere(wanted: Settings, before: Settings, ownAddress: string): Settings {
  const standard = JSON.stringify(defaultSettings(ownAddress).subscriptions)
  const moved = wanted.address !== before.address && wanted.address !== ownAddress
  return moved && JSON.stringify(wanted.subscriptions) === standard ? { ...wanted, subscriptions: [] } : wanted
}

function countOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
