/** The daemon's HTTP API as the views use it: with an end to waiting, the password when it is asked for, and one kind of error. */

import type { ApiFault } from '../api.ts'
import type { Api } from './context.ts'

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

/** Asks the user; `again` when the last one was wrong. Undefined when the user does not want to. */
export type AskPassword = (again: boolean) => Promise<string | undefined>

const answerMs = 10_000
export const unauthorised = 401
/** Where a password that was taken stays until the page is closed. */
export const passwordKey = 'wattslug.password'

/** @param silent what is said when nothing answers */
export function makeApi(askPassword: AskPassword, silent: string): Api {
  const ask = async <T>(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<T> => {
    for (let again = false; ; again = true) {
      const password = sessionStorage.getItem(passwordKey)
      const response = await request(path, optionsFor(method, body, password), silent, signal)
      if (response.ok) return (await readJson(response)) as T
      if (response.status !== unauthorised) throw await errorOf(response)
      sessionStorage.removeItem(passwordKey)
      const answer = await askPassword(again || password !== null)
      if (answer === undefined) throw await errorOf(response)
      sessionStorage.setItem(passwordKey, answer)
    }
  }
  return {
    get: (path, signal) => ask('GET', path, undefined, signal),
    send: (method, path, body) => ask(method, path, body)
  }
}

function optionsFor(method: string, body: unknown, password: string | null): RequestInit {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (password !== null) headers['Authorization'] = `Basic ${credentialsOf(password)}`
  return { method, headers, cache: 'no-store', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

/** What stands behind `Basic`; any user name will do. */
export function credentialsOf(password: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(`wattslug:${password}`)))
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
