/** The head of an HTTP request (RFC 9112 sections 3 and 5), as far as the page's server looks at it. */

/** A request's head. */
export interface Request {
  readonly method: string
  /** Without what stands behind a question mark. */
  readonly path: string
  /** What stands behind it. */
  readonly query: string
  /** 0 for HTTP/1.0, which knows no answer in chunks. */
  readonly minor: 0 | 1
  /** By name in small letters; what came several times stands with commas between. */
  readonly headers: ReadonlyMap<string, string>
}

const requestLine = /^([A-Z]{1,20}) (\/[!-~]*|[!-~]+) HTTP\/1\.([01])$/
const headerLine = /^([\w!#$%&'*+.^`|~-]+):([\t -~\x80-\xff]*)$/

/** Reads a head without the empty line behind it; `undefined` when it is none. */
export function readRequest(head: string): Request | undefined {
  const [first = '', ...lines] = head.split('\r\n')
  const [, method, target, minor] = requestLine.exec(first) ?? []
  if (method === undefined || target === undefined) return undefined
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    const key = name.toLowerCase()
    const former = headers.get(key)
    if (key === 'host' && former !== undefined) return undefined // for whoever stands before us may have meant the other (RFC 9112 section 3.2)
    headers.set(key, former === undefined ? value.trim() : `${former}, ${value.trim()}`)
  }
  if (minor === '1' && !headers.has('host')) return undefined
  const [path = ''] = target.split('?', 1)
  return { method, path, query: target.slice(path.length + 1), minor: minor === '0' ? 0 : 1, headers }
}

/** Whether it asks for a WebSocket. */
export function wantsWebSocket({ headers }: Request): boolean {
  return /\bupgrade\b/i.test(headers.get('connection') ?? '') && headers.get('upgrade')?.toLowerCase() === 'websocket'
}

/** Whether it takes an answer in gzip: with a weight of 0 that is refused (RFC 9110 section 12.5.3). */
export function acceptsGzip({ headers }: Request): boolean {
  const found = /(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+)\s*)?(?:,|$)/i.exec(headers.get('accept-encoding') ?? '')
  return found !== null && Number(found[1] ?? 1) > 0
}

/** Whether it has an answer with this tag already (RFC 9110 section 13.1.2). */
export function hasTagged({ headers }: Request, etag: string): boolean {
  const plain = (tag: string): string => tag.trim().replace(/^W\//, '')
  return (headers.get('if-none-match') ?? '').split(',').some(tag => plain(tag) === plain(etag))
}
