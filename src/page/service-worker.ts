/** The page's service worker: keeps the page's own files for when the daemon is out of reach, and never what it says. */

/** Filled in by the build. */
declare const __WATTSLUG_PAGE_FILES__: readonly string[]
declare const __WATTSLUG_PAGE_VERSION__: string

/** What is needed of a service worker's events; the DOM's own types leave them out. */
interface WorkerEvent extends Event {
  waitUntil(done: Promise<unknown>): void
}
interface FetchEvent extends WorkerEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}
interface ClickEvent extends WorkerEvent {
  readonly notification: Notification
}
interface Tab {
  focus(): Promise<unknown>
}
interface Worker {
  readonly registration: ServiceWorkerRegistration
  readonly clients: { matchAll(options: { readonly type: 'window' }): Promise<readonly Tab[]>; openWindow(path: string): Promise<unknown> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'notificationclick', listener: (event: ClickEvent) => void): void
}

const worker = self as unknown as Worker
const scope = worker.registration.scope
const files = __WATTSLUG_PAGE_FILES__.map(path => new URL(path.slice(1), scope).href)
const cacheName = `wattslug ${__WATTSLUG_PAGE_VERSION__}`
/** A daemon that takes longer is as good as none. */
const answerMs = 3_000
/** From this status on it is a proxy that answers, to say that the daemon does not. */
const failedAtProxy = 502

worker.addEventListener('install', event => {
  event.waitUntil(caches.open(cacheName).then(cache => cache.addAll(files)))
  event.waitUntil(worker.skipWaiting())
})

worker.addEventListener('activate', event => {
  event.waitUntil(caches.keys().then(names => Promise.all(names.filter(name => name !== cacheName).map(name => caches.delete(name)))))
})

worker.addEventListener('fetch', event => {
  const { request } = event
  const address = request.url.replace(/[?#].*$/, '')
  if (request.method === 'GET' && files.includes(address)) event.respondWith(freshOrKept(request, address))
})

worker.addEventListener('notificationclick', event => {
  event.notification.close()
  event.waitUntil(worker.clients.matchAll({ type: 'window' }).then(([tab]) => (tab ? tab.focus() : worker.clients.openWindow(scope))))
})

/** The daemon's own file when it answers in time, else the kept one: a page never stays behind its daemon. */
async function freshOrKept(request: Request, address: string): Promise<Response> {
  const fresh = fetch(request)
  const answer = await Promise.race([fresh, late()]).catch(() => undefined)
  if (answer && answer.status < failedAtProxy) return answer
  return (await caches.match(address)) ?? fresh
}

function late(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error('No answer')), answerMs))
}
