/** The page's link to the daemon: its MQTT client and two fetches, told as events. */

import { type Client, connect } from '../client/mqtt.ts'
import { unauthorised } from './api.ts'
import { authorizationOf, loginNow, refusals } from './login.ts'
import type { Event, State } from './model.ts'
import { meterIds } from './places.ts'

const keepAliveSeconds = 90
const pingIntervalMs = 10_000
/** More than the broker ever passes on: a longer message would end each new link as soon as it is subscribed to. */
const packetBytesMax = 65_536
const fetchMs = 5_000
const retryMs = 2_000

export interface Link {
  readonly address: string
  /** Finds out at once whether the daemon is there, after sleep or a change of network. */
  wake(): void
  /** Who looks is not left waiting for a daemon that is back: an attempt that waits is made now. False when none waits. */
  hurry(): boolean
}

/** Connects. @param state what the page knows at this instant, after each event @param admit asks the user to log in */
export function openLink(happen: (event: Event) => void, state: () => State, admit: () => Promise<boolean>): Link {
  const address = addressOf(location.href)
  const utf8 = new TextDecoder()
  let subscribedRoot: string | undefined
  let refreshing = false
  let refused = false
  let version: string | undefined
  let client = open()

  /** A client for each login. */
  function open(): Client {
    const login = loginNow()
    return connect(address, {
      keepAliveSeconds,
      pingIntervalMs,
      packetBytesMax,
      ...(login && { username: login.user, password: login.password }),
      onMessage: ({ topic, payload }) => happen({ type: 'message', topic, text: utf8.decode(payload), phoneMs: Date.now() }),
      onState: now => {
        happen({ type: 'link', up: now.phase === 'connected', phoneMs: Date.now() })
        if (now.phase === 'connected') void refresh()
        if (now.phase === 'waiting' && refusals.has(now.reasonCode)) void logIn()
      }
    })
  }

  /** Leaves off until the user has logged in: to try on would be to try wrong passwords. */
  async function logIn(): Promise<void> {
    if (refused) return
    refused = true
    client.disconnect()
    const login = loginNow()
    await admit()
    if (login === loginNow()) await new Promise(resolve => setTimeout(resolve, retryMs))
    refused = false
    subscribedRoot = undefined
    client = open()
    subscribe()
    void refresh()
  }

  /** Asks for settings, clock and recent points; until the settings are there nothing can be subscribed to. */
  async function refresh(): Promise<void> {
    if (refreshing || refused) return
    refreshing = true
    const settings = await ask('settings.json')
    happen({ type: 'settings', ...settings })
    const told = settings.value === undefined ? version : state().settings?.version
    if (version !== undefined && told !== version) location.reload() // the daemon was replaced, and this page with it
    version = told
    subscribe()
    const recent = await ask('api/recent')
    happen({ type: 'recent', ...recent })
    refreshing = false
    const failed = settings.value === undefined || recent.value === undefined
    if (failed && client.state.phase === 'connected') setTimeout(() => void refresh(), retryMs)
  }

  async function ask(path: string): Promise<Fetched> {
    const fetched = await fetchJson(path)
    if (fetched.status === unauthorised) void logIn()
    return fetched
  }

  function subscribe(): void {
    const root = state().settings?.root
    if (root === undefined || root === subscribedRoot) return
    const settled: Promise<unknown>[] =
      subscribedRoot === undefined ? [] : filtersOf(subscribedRoot).map(filter => client.unsubscribe(filter))
    settled.push(...filtersOf(root).map(filter => client.subscribe(filter)))
    subscribedRoot = root
    void Promise.allSettled(settled)
  }

  subscribe() // to what it was called last time, which is most likely still right
  void refresh()
  return {
    address,
    wake() {
      client.wake()
      void refresh()
    },
    hurry() {
      const isWaiting = client.state.phase === 'waiting'
      if (isWaiting) client.wake()
      return isWaiting
    }
  }
}

/** MQTT is served beside the page. */
function addressOf(page: string): string {
  const address = new URL('mqtt', page)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.hash = ''
  address.search = ''
  return address.href
}

/** A further meter's sensors stand one level deeper: +/+/state is theirs, and also the energy of the first meter's. */
function filtersOf(root: string): readonly string[] {
  const bridge = meterIds.map(id => `bridge/${id}`)
  return ['+/state', '+/+/state', '+/+/+/state', '+/availability', '+/+/availability', ...bridge].map(filter => `${root}/${filter}`)
}

interface Fetched {
  readonly value: unknown
  readonly phoneMs: number
  /** Of HTTP; 0 when nothing answered. */
  readonly status: number
}

/** The answer, or undefined, with the phone's time half way between asking and answer. */
async function fetchJson(path: string): Promise<Fetched> {
  const askedMs = Date.now()
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), fetchMs)
  try {
    const response = await fetch(path, { cache: 'no-store', signal: abort.signal, headers: authorizationOf(loginNow()) })
    const value: unknown = response.ok ? await response.json() : undefined
    const { status } = response
    const answeredMs = Date.now()
    if (answeredMs - askedMs > fetchMs) return { value: undefined, phoneMs: answeredMs, status: 0 } // the phone slept meanwhile: no clock to trust
    return { value, phoneMs: (askedMs + answeredMs) / 2, status }
  } catch {
    return { value: undefined, phoneMs: Date.now(), status: 0 }
  } finally {
    clearTimeout(timer)
  }
}
