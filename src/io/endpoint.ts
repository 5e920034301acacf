/** The entries of the HTTP API: what each may be asked, what it answers, and which of them a request means. */
import type { Who } from '../mqtt/access.ts'
import type { Body } from './body.ts'
import { decode, type Parameter, type Parameters, readQuery, readValues, type Values } from './parameters.ts'
import { Refusal, type Reply } from './reply.ts'
import type { Request } from './request.ts'

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/**
 * Whom an entry is for: whoever may see readings; the owner; the owner, or while there is no password whoever sets the first one; anyone
 * at all.
 */
export type Need = 'see' | 'own' | 'claim' | 'always'

/** What comes with a request that changes something. */
interface Content {
  /** Content-Type. */
  readonly type: string
  /** The name of its type in src/api.ts; a file has none. */
  readonly schema?: string
  readonly bytesMax: number
  /** By when it must be there. */
  readonly withinMs: number
}

/** A request, read. */
export interface Asked<V> {
  readonly values: V
  readonly request: Request
  readonly who: Who
  /** What came with it; nothing for an entry that takes nothing. */
  readonly body: Body
}

/** One entry. A path may end in one `{name}`, which stands for all the rest of it. */
export interface Endpoint {
  readonly method: Method
  readonly path: string
  /** One sentence. */
  readonly about: string
  /** To read, what shows readings, and to change, what is the owner's, unless it says otherwise. */
  readonly need?: Need
  readonly parameters: Parameters
  readonly content?: Content
  /** By Content-Type: the name of the answer's type in src/api.ts, if it has one; with ` | null` behind it when there may be none. None: 204. */
  readonly answers: Readonly<Record<string, string | undefined>>
  /** Statuses beside 200 that mean what the description says. */
  readonly statuses?: Readonly<Record<number, string>>
  /** @throws Refusal */
  readonly answer: (asked: Asked<Readonly<Record<string, unknown>>>) => Reply | Promise<Reply>
}

/** Makes an entry whose answer knows the types of its parameters. */
export function endpoint<P extends Parameters>(
  entry: Omit<Endpoint, 'parameters' | 'answer'> & {
    readonly parameters: P
    readonly answer: (asked: Asked<Values<P>>) => Reply | Promise<Reply>
  }
): Endpoint {
  return entry as Endpoint
}

/** Whom an entry is for. */
export function needOf({ need, method }: Endpoint): Need {
  return need ?? (method === 'GET' ? 'see' : 'own')
}

/** What a request means. */
export type Found =
  | { readonly kind: 'entry'; readonly entry: Endpoint; readonly rest: string | undefined }
  /** The path is one of ours, but not with this method. */
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  | { readonly kind: 'nothing' }

/** Finds the entry that a request means; HEAD means GET. */
export function findEndpoint(endpoints: readonly Endpoint[], { method, path }: Pick<Request, 'method' | 'path'>): Found {
  const there = endpoints.filter(entry => (hasRest(entry) ? path.startsWith(stemOf(entry)) : entry.path === path))
  const entry = there.find(entry => entry.method === (method === 'HEAD' ? 'GET' : method))
  if (entry) return { kind: 'entry', entry, rest: hasRest(entry) ? path.slice(stemOf(entry).length) : undefined }
  if (there.length === 0) return { kind: 'nothing' }
  return { kind: 'method', allowed: there.flatMap(entry => (entry.method === 'GET' ? ['GET', 'HEAD'] : [entry.method])) }
}

/** Reads the values of an entry's parameters from its path and its query. @throws Refusal */
export function valuesOf({ parameters, path }: Endpoint, query: string, rest: string | undefined): Readonly<Record<string, unknown>> {
  const name = restName(path)
  if (name === undefined || rest === undefined) return readValues(parameters, readQuery(query))
  const { [name]: ofPath, ...ofQuery } = parameters
  return {
    ...readValues({ [name]: ofPath as Parameter<unknown> }, new Map([[name, decode(rest, name)]])),
    ...readValues(ofQuery, readQuery(query))
  }
}

/** The name of the parameter that a path ends in. */
export function restName(path: string): string | undefined {
  return /\{(\w+)\}$/.exec(path)?.[1]
}

/** Reads a body in JSON. @throws Refusal */
export async function readJson(body: Body): Promise<unknown> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces)))
  } catch {
    throw new Refusal(400, 'the body is no JSON in UTF-8')
  }
}

function hasRest({ path }: Endpoint): boolean {
  return restName(path) !== undefined
}

function stemOf({ path }: Endpoint): string {
  return path.slice(0, path.indexOf('{'))
}
