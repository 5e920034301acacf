/** The page's link to the daemon: its MQTT client and two fetches, told as events. */

import { type Client, connect } from '../client/mqtt.ts'
import type { Event, State } from './model.ts'
import { meterIds } from './places.ts'

const keepAliveSeconds = 90
const pingIntervalMs = 10_000
const packetBytesMax = 16_384
const fetchMs = 5_000
const retryMs = 2_000

export interface Link {
  readonly client: Client
  readonly address: string
  /** Finds out at once whether the daemon is there, after sleep or a change of network. */
  wake(): void
}

/** Connects. @param state what the page knows at this instant, after each event */
export function openLink(happen: (event: Event) => void, state: () => State): Link {
  const address = addressOf(location.href)
  const utf8 = new TextDecoder()
  let subscribedRoot: string | undefined
  let refreshing = false
  let version: string | undefined

  const client = connect(address, {
    keepAliveSeconds,
    pingIntervalMs,
    packetBytesMax,
    onMessage: ({ topic, payload }) => happen({ type: 'message', topic, text: utf8.decode(payload), phoneMs: Date.now() }),
    onState: ({ phase }) => {
      happen({ type: 'link', up: phase === 'connected', phoneMs: Date.now() })
      if (phase === 'connected') void refresh()
    }
  })

  /** Asks for settings, clock and recent points; until the settings are there nothing can be subscribed to. */
  async function refresh(): Promise<void> {
    if (refreshing) return
    refreshing = true
    const settings = await fetchJson('settings.json')
    happen({ type: 'settings', ...settings })
    const told = settings.value === undefined ? version : state().settings?.version
    if (version !== undefined && told !== version) location.reload() // the daemon was replaced, and this page with it
    version = told
    subscribe()
    const recent = await fetchJson('api/recent')
    happen({ type: 'recent', ...recent })
    refreshing = false
    const failed = settings.value === undefined || recent.value === undefined
    if (failed && client.state.phase === 'connected') setTimeout(() => void refresh(), retryMs)
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
    client,
    address,
    wake() {
      client.wake()
      void refresh()
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
