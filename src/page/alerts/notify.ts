/** Notifications, where the browser has them: over HTTPS alone, by the page's service worker. */

/**
 * Whether they can be shown, now or once the user allows it.
 * - `insecure`: not over HTTP
 * - `unable`: a phone that wants the page on its home screen first, or a certificate that is not trusted
 */
type Permission = 'insecure' | 'unable' | 'denied' | 'ask' | 'granted'

export async function permissionNow(): Promise<Permission> {
  if (!isSecureContext) return 'insecure'
  if (!('Notification' in window && 'serviceWorker' in navigator)) return 'unable'
  const isRegistered = await navigator.serviceWorker.register('sw.js').then(
    () => true,
    () => false
  )
  if (!isRegistered) return 'unable'
  return Notification.permission === 'default' ? 'ask' : Notification.permission
}

/** Asks the user where that has not been done. */
export async function requestPermission(): Promise<Permission> {
  if ((await permissionNow()) === 'ask') await Notification.requestPermission()
  return permissionNow()
}

/** Shows one; a later one with the same tag takes its place. */
export async function notify(text: string, tag: string): Promise<void> {
  if ((await permissionNow()) !== 'granted') return
  const registration = await navigator.serviceWorker.ready
  await registration.showNotification('wattslug', { body: text, tag, icon: 'icon-192.png', badge: 'icon-192.png' })
}
