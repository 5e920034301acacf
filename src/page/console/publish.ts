/** The form that publishes, and what came of it. */

import type { MessageProperties, PublishOptions, UserProperties } from '../../client/client.ts'
import { topicNameFault } from '../../mqtt/topic.ts'
import { make, setText } from '../elements.ts'
import { areaOf, choiceOf, fieldOf, inputOf, moreOf, switchOf } from './form.ts'
import { readPayload } from './payload.ts'
import { outcomeText } from './present.ts'
import type { Session } from './session.ts'
import { isCount } from './settings.ts'
import type { Words } from './words.ts'

const suggestionsMax = 100
const encoder = new TextEncoder()

export interface PublishForm {
  readonly root: HTMLFormElement
  /** Prepares a message to this topic. */
  aim(topic: string): void
}

/** What was typed stands there again, sent or not: a sheet is closed by a touch beside it, and much is sent again. */
let draft = { topic: '', payload: '', qos: 0 as 0 | 1 | 2, retain: false }
let properties = { contentType: '', responseTopic: '', expiry: '', user: '' }

export function makePublishForm(session: Session, words: Words): PublishForm {
  const root = document.createElement('form')
  root.className = 'publish'
  const topics = document.createElement('datalist')
  topics.id = 'console-topics'
  const topic = inputOf(draft.topic, { list: topics.id, placeholder: 'home/lamp/set' })
  const payload = areaOf(draft.payload, { class: 'mono' })
  const hint = make('span', 'hint')
  const payloadField = fieldOf(words.payload, payload)
  payloadField.append(hint)
  const qos = choiceOf('QoS', [[0, '0'] as const, [1, '1'] as const, [2, '2'] as const], draft.qos)
  const retain = switchOf(words.retain, draft.retain)
  const more = makeProperties(session, words)
  const result = make('p', 'result')
  result.setAttribute('role', 'status')
  const how = make('div', 'how')
  how.append(qos.root, retain.root)
  root.append(fieldOf(words.topic, topic), topics, payloadField, how, more.root, make('button', 'button primary', words.publish), result)

  const say = (text: string, kind: string) => {
    setText(result, text)
    result.setAttribute('data-kind', kind)
    result.scrollIntoView({ block: 'nearest' })
  }
  const check = () => setText(hint, hintOf(payload.value, words))
  payload.addEventListener('input', check)
  root.addEventListener('input', () => {
    draft = { topic: topic.value, payload: payload.value, qos: qos.value, retain: retain.input.checked }
    more.keep()
  })
  topic.addEventListener('focus', () => {
    const known = [...session.tree.topics()].slice(0, suggestionsMax)
    topics.replaceChildren(...known.map(node => new Option(node.topic, node.topic)))
  })
  root.addEventListener('submit', async event => {
    event.preventDefault()
    if (topicNameFault(topic.value)) return say(words.topicWrong, 'failed')
    if (session.state?.phase !== 'connected') return say(words.notConnected, 'failed')
    if (more.isWrong()) return say(`${words.expiresAfter}: ${words.faults.expiry}`, 'failed')
    const options: PublishOptions = { qos: qos.value, retain: retain.input.checked, ...more.read() }
    say(words.sending, 'sending')
    const outcome = await session.publish(topic.value, payload.value, options)
    say(outcomeText(outcome, words), outcome.kind)
  })
  check()
  return {
    root,
    aim(wanted) {
      topic.value = wanted
      draft = { ...draft, topic: wanted }
      payload.focus()
    }
  }
}

interface Properties {
  readonly root: HTMLElement
  /** Whether something there cannot be sent; then it is shown. */
  isWrong(): boolean
  read(): { readonly properties?: MessageProperties }
  /** Keeps what is typed for the next form. */
  keep(): void
}

function makeProperties(session: Session, words: Words): Properties {
  const contentType = inputOf(properties.contentType, { placeholder: 'application/json' })
  const responseTopic = inputOf(properties.responseTopic)
  const expiry = inputOf(properties.expiry, { inputmode: 'numeric' })
  const user = areaOf(properties.user, { rows: 2 })
  const pair = make('div', 'fields')
  pair.append(fieldOf(words.contentType, contentType), fieldOf(words.expiresAfter, expiry))
  const only = session.settings.protocolVersion === 4 ? [make('p', 'note', words.onlyFive)] : []
  const fields = [...only, pair, fieldOf(words.responseTopic, responseTopic), fieldOf(words.userProperties, user, words.userPropertiesHint)]
  const root = moreOf(`${words.more} (MQTT 5.0)`, fields, Object.values(properties).join('') !== '')
  return {
    root,
    isWrong() {
      if (session.settings.protocolVersion === 4 || isCount(Number(expiry.value), 0xffffffff)) return false
      root.open = true
      expiry.focus()
      return true
    },
    keep() {
      properties = { contentType: contentType.value, responseTopic: responseTopic.value, expiry: expiry.value, user: user.value }
    },
    read() {
      if (session.settings.protocolVersion === 4) return {}
      const userProperties = readUserProperties(user.value)
      const wanted: MessageProperties = {
        ...(contentType.value === '' ? {} : { contentType: contentType.value }),
        ...(responseTopic.value === '' ? {} : { responseTopic: responseTopic.value }),
        ...(expiry.value.trim() === '' ? {} : { messageExpirySeconds: Number(expiry.value) }),
        ...(userProperties.length === 0 ? {} : { userProperties })
      }
      return Object.keys(wanted).length === 0 ? {} : { properties: wanted }
    }
  }
}

function readUserProperties(text: string): UserProperties {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return lines.map(line => {
    const [name = '', ...value] = line.split('=')
    return [name.trim(), value.join('=').trim()] as const
  })
}

/** What it is, as whoever receives it will see it, and how long. */
function hintOf(text: string, words: Words): string {
  const bytes = encoder.encode(text)
  const { kind } = readPayload(bytes)
  const name = kind === 'text' && /^\s*[{[]/.test(text) ? 'almost-json' : kind
  return kind === 'empty' ? words.kinds.empty : `${words.kinds[name]} · ${words.bytes(String(bytes.length))}`
}
