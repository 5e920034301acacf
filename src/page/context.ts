/** What the page's frame gives to each of its views, and what it wants of them. */

import type { Need } from './access/said.ts'
import type { Formats } from './format.ts'
import type { AllStrings } from './later.ts'
import type { State } from './model.ts'
import type { Strings } from './strings.ts'

/** The daemon's HTTP API. */
export interface Api {
  /** The answer as it comes, for what is saved as a file. @throws ApiError */
  open(path: string): Promise<Response>
  /** Fetches JSON from a path such as `api/cost?sensor=0`. @throws ApiError, with status 0 when nothing answered */
  get<T>(path: string, signal?: AbortSignal): Promise<T>
  /** Changes something; asks the user to log in when that is wanted. @throws ApiError */
  send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, body: unknown): Promise<T>
}

/** What all views share. */
export interface Context {
  readonly strings: AllStrings
  readonly formats: Formats
  readonly api: Api
  /** Whether the user may do something, asked to log in if not yet; false also when the daemon does not answer. */
  admit(need: Need): Promise<boolean>
  /** Where MQTT over WebSocket is, such as `ws://house.local:8080/mqtt`. */
  readonly address: string
  /** All that the page knows at this instant. */
  state(): State
  /** The daemon's time at this instant, in ms since 1970. */
  nowMs(): number
}

/** What there is before all words are. */
export type FirstContext = Omit<Context, 'strings'> & { readonly strings: Strings }

/** A view on the screen. */
export interface OpenView {
  /** Something has changed, or a second of the phone's clock has passed. `atMs` is a steady clock's time, for movement alone. */
  show(state: State, phoneMs: number, atMs: number): void
  /** Paints what moves of itself; true while it still does. */
  paint?(atMs: number): boolean
  /** Leaves the screen: stops timers and requests, lets go of connections. What it put into its host is removed by the frame. */
  close(): void
}

/** What the module of a view exports as `open`; it puts all that it shows into `host`, an empty `<main>`. */
export type OpenViewIn = (host: HTMLElement, context: Context) => OpenView
