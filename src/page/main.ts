/** Wires the page: the link to the daemon in, the model in the middle, the frame and its views out. */

import type { Need } from './access/said.ts'
import { makeApi } from './api.ts'
import type { FirstContext } from './context.ts'
import { Frame } from './frame.ts'
import { loadLanguage } from './language.ts'
import { openLink } from './link.ts'
import { followLogOut } from './login.ts'
import { Memory } from './memory.ts'
import { type Event, initialState, isSetBack, type State, step } from './model.ts'
import { recall } from './storage.ts'

const loading = loadLanguage()
let state: State = initialState(Date.now())
let frame: Frame | undefined
let dirty = true
let timer: number | undefined
let triedAtMs = 0
/** The phone's clock less a steady one. */
let clockMs: number | undefined

// --- in: last time ---

/** What is not to be seen waits for so long. */
const calmMs = 3_000
/** Within this the daemon has said again what still holds. */
const saidAgainMs = 3_000
/** What the phone's clock is ahead by all of a sudden was set, or slept through. */
const leapMs = 2_000
/** A link that waits to be tried is tried so often while the page is looked at. */
const tryEveryMs = 2_000
const memory = new Memory(Date.now())
for (const event of memory.events) state = step(state, event)

// --- in: the daemon ---

const link = openLink(
  happen,
  () => state,
  () => admit('see')
)

function happen(event: Event): void {
  memory.take(event, performance.now())
  if (event.type === 'link' && event.up) setTimeout(takeBack, saidAgainMs)
  const before = state
  state = step(state, event)
  if (isSetBack(before, state)) link.wake()
  if (!dirty) schedule(0)
  dirty = true
}

function takeBack(): void {
  if (state.link.name === 'up') for (const event of memory.takeBack(Date.now())) happen(event)
}

// --- in: the user ---

let asked: Promise<unknown> = Promise.resolve()

/** One question at a time: what is answered need not be asked again. */
function admit(need: Need): Promise<boolean> {
  const answer = asked.then(async () => (await import('./password.ts')).admit(need, (await loading).strings)).catch(() => false)
  asked = answer
  return answer
}

// --- in: the phone ---

function wake(): void {
  if (document.hidden) {
    memory.keep(performance.now()) // it may be the last that is seen of this page
    frame?.hide()
    return
  }
  link.wake()
  schedule(0)
}

document.addEventListener('visibilitychange', wake)
document.addEventListener('resume', wake) // thawed
addEventListener('pageshow', event => {
  if (event.persisted) wake() // taken out of the back-forward cache
})
followLogOut()
addEventListener('pagehide', () => memory.keep(performance.now()))
addEventListener('online', wake)
addEventListener('offline', wake) // the link is tried, and found dead
addEventListener('resize', () => schedule(0))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => schedule(0))

// --- out: the screen ---

/** Asks for one frame after a delay; none while the page is hidden. */
function schedule(delayMs: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => requestAnimationFrame(paint), delayMs)
}

function paint(atMs: number): void {
  if (document.hidden || !frame) return
  const phoneMs = Date.now()
  dirty = false
  tryAgain(atMs)
  followClock(phoneMs - atMs)
  const moving = frame.show(state, phoneMs, atMs)
  schedule(moving ? 0 : 1_000 - (phoneMs % 1_000))
}

function tryAgain(atMs: number): void {
  if (atMs - triedAtMs >= tryEveryMs && link.hurry()) triedAtMs = atMs
}

/** By another clock all that was said would be too old, or too new: the daemon tells its own anew. */
function followClock(nowMs: number): void {
  if (Math.abs(nowMs - (clockMs ?? nowMs)) > leapMs) link.wake()
  clockMs = nowMs
}

/** Other languages come as files of their own, in which case there is a moment to wait. */
async function start(): Promise<void> {
  const { strings, formats } = await loading
  const context: FirstContext = {
    strings,
    formats,
    api: makeApi(admit, strings.frame),
    admit,
    address: link.address,
    state: () => state,
    nowMs: () => Date.now() + state.offsetMs
  }
  frame = new Frame(context)
  schedule(0)
  if (recall('alerts') !== undefined) (await import('./alerts/watcher.ts')).watchForAlerts(context)
}

void start()
if (isSecureContext && 'serviceWorker' in navigator) setTimeout(() => navigator.serviceWorker.register('sw.js').catch(() => {}), calmMs)
