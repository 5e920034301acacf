/** Wires the page: the MQTT client and two fetches in, the model in the middle, the screen out. */

import { formatsFor } from './format.ts'
import { type Event, initialState, type State, step } from './model.ts'
import { type ClientState, connect, type Message } from './mqtt.ts'
import { meterIds } from './places.ts'
import { present } from './present.ts'
import { stringsFor } from './strings.ts'
import { Screen } from './view.ts'

const keepAliveSeconds = 90
const pingIntervalMs = 10_000
const packetBytesMax = 16_384
const fetchMs = 5_000
const retryMs = 2_000
/** The trace creeps on by a pixel or two in this time. */
const frameMs = 250
const stillFrameMs = 1_000

const strings = stringsFor(navigator.language)
const screen = new Screen(strings, formatsFor(navigator.language, strings), location.host)
const still = matchMedia('(prefers-reduced-motion: reduce)')
const utf8 = new TextDecoder()

let state: State = initialState(Date.now())
let dirty = true
let subscribedRoot: string | undefined

function happen(event: Event): void {
  state = step(state, event)
  dirty = true
}

// --- in: the daemon ---

const address = new URL('mqtt', location.href)
address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
address.hash = ''
address.search = ''

const client = connect(address.href, { keepAliveSeconds, pingIntervalMs, packetBytesMax, onMessage, onState })

function onMessage({ topic, payload }: Message): void {
  happen({ type: 'message', topic, text: utf8.decode(payload), phoneMs: Date.now() })
}

function onState({ phase }: ClientState): void {
  happen({ type: 'link', up: phase === 'connected', phoneMs: Date.now() })
  if (phase === 'connected') void refresh()
}

let refreshing = false

/** Asks for settings, clock and recent points; until the settings are there nothing can be subscribed to. */
async function refresh(): Promise<void> {
  if (refreshing) return
  refreshing = true
  const settings = await fetchJson('settings.json')
  const version = state.settings?.version
  happen({ type: 'settings', ...settings })
  if (version !== undefined && state.settings?.version !== version) location.reload() // the daemon was replaced, and this page with it
  subscribe()
  const recent = await fetchJson('api/recent')
  happen({ type: 'recent', ...recent })
  refreshing = false
  const failed = settings.value === undefined || recent.value === undefined
  if (failed && client.state.phase === 'connected') setTimeout(() => void refresh(), retryMs)
}

function subscribe(): void {
  const root = state.settings?.root
  if (root === undefined || root === subscribedRoot) return
  // A further meter's sensors stand one level deeper: +/+/state is theirs, and also the energy of the first meter's.
  const filtersOf = (base: string) =>
    ['+/state', '+/+/state', '+/+/+/state', '+/availability', '+/+/availability', ...meterIds.map(id => `bridge/${id}`)].map(
      filter => `${base}/${filter}`
    )
  const settled: Promise<unknown>[] =
    subscribedRoot === undefined ? [] : filtersOf(subscribedRoot).map(filter => client.unsubscribe(filter))
  settled.push(...filtersOf(root).map(filter => client.subscribe(filter)))
  subscribedRoot = root
  void Promise.allSettled(settled)
}

/** The answer, or undefined, with the phone's time half way between asking and answer. */
async function fetchJson(path: string): Promise<{ value: unknown; phoneMs: number }> {
  const askedMs = Date.now()
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), fetchMs)
  try {
    const response = await fetch(path, { cache: 'no-store', signal: abort.signal })
    const value: unknown = response.ok ? await response.json() : undefined
    const answeredMs = Date.now()
    if (answeredMs - askedMs > fetchMs) return { value: undefined, phoneMs: answeredMs } // the phone slept meanwhile: no clock to trust
    return { value, phoneMs: (askedMs + answeredMs) / 2 }
  } catch {
    return { value: undefined, phoneMs: Date.now() }
  } finally {
    clearTimeout(timer)
  }
}

// --- in: the phone ---

function wake(): void {
  if (document.hidden) return
  client.wake()
  void refresh()
  schedule(0)
}

document.addEventListener('visibilitychange', wake)
addEventListener('pageshow', event => {
  if (event.persisted) wake() // taken out of the back-forward cache
})
addEventListener('online', wake)
addEventListener('resize', () => schedule(0))

// --- out: the screen ---

let timer: number | undefined
let shownSecond = 0

/** Asks for one frame after a delay; none while the page is hidden. */
function schedule(delayMs: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => requestAnimationFrame(frame), delayMs)
}

function frame(atMs: number): void {
  if (document.hidden) return
  const phoneMs = Date.now()
  const second = Math.floor(phoneMs / 1_000)
  if (dirty || second !== shownSecond) screen.show(present(state, phoneMs), atMs)
  dirty = false
  shownSecond = second
  const moving = screen.paint(phoneMs + state.offsetMs, atMs, still.matches)
  schedule(moving ? 0 : still.matches ? stillFrameMs : frameMs)
}

void refresh()
schedule(0)
