/** The daemon's HTTP API as the views use it: with an end to waiting, as whom one is logged in, and one kind of error. */

import type { ApiFault } from '../api.ts'
import type { Need } from './access/said.ts'
import type { Api } from './context.ts'
import { authorizationOf, loginNow } from './login.ts'
import type { Strings } from './strings.ts'

/** A request that failed. */
export class ApiError extends Error {
  /** Of HTTP; 0 when nothing answered. */
  readonly status: number
  /** The parameter or field that is wrong, if the daemon tells one. */
  readonly field: string | undefined

  constructor(status: number, message: string, field?: string) {
    super(message)
    this.status = status
    this.field = field
  }
}

const answerMs = 10_000
export const unauthorised = 401
/** Somebody else may do it; nobody can before there is a password. */
const forbidden = 403

/** @param admit asks the user to log in @param words what is said when nothing answers, and of a change when the user does not log in */
export function makeApi(admit: (need: Need) => Promise<boolean>, words: Strings['frame']): Api {
  /** Who was refused asks again as somebody else, or not at all. */
  const ask = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> => {
    for (;;) {
      const login = loginNow()
      const response = await request(path, optionsFor(method, body), words.silent, signal)
      if (response.ok) return response
      const error = await errorOf(response)
      if (response.status !== unauthorised && response.status !== forbidden) throw error
      if (login === loginNow()) await admit(method === 'GET' ? 'see' : 'change')
      if (login === loginNow()) throw method === 'GET' ? error : new ApiError(response.status, words.refused)
    }
  }
  return {
    open: path => ask('GET', path),
    get: async <T>(path: string, signal?: AbortSignal) => (await readJson(await ask('GET', path, undefined, signal))) as T,
    send: async <T>(method: string, path: string, body: unknown) => (await readJson(await ask(method, path, body))) as T
  }
}

function optionsFor(method: string, body: unknown): RequestInit {
  const headers: Record<string, string> = { ...authorizationOf(loginNow()) }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  return { method, headers, cache: 'no-store', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

/** Time-outs and the caller's own signal end it alike. */
async function request(path: string, options: RequestInit, silent: string, signal?: AbortSignal): Promise<Response> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  const timer = setTimeout(stop, answerMs)
  signal?.addEventListener('abort', stop)
  try {
    if (signal?.aborted) stop()
    return await fetch(path, { ...options, signal: abort.signal })
  } catch {
    throw new ApiError(0, silent)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const fault = (await readJson(response)) as Partial<ApiFault> | undefined
  return new ApiError(response.status, fault?.error ?? `HTTP ${response.status}`, fault?.field)
}

/** Undefined for an empty body and for what is not JSON. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return undefined
  }
}
