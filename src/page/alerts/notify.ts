/** Notifications, where the browser has them: over HTTPS alone, by the page's service worker. */

/** Whether they can be shown, now or once the user allows it. */
export type Permission = 'insecure' | 'denied' | 'ask' | 'granted'

export function permissionNow(): Permission {
  if (!isSecureContext || !('Notification' in window) || !('serviceWorker' in navigator)) return 'insecure'
  if (Notification.permission === 'default') return 'ask'
  return Notification.permission
}

/** Asks the user where that has not been done. */
export async function requestPermission(): Promise<Permission> {
  if (permissionNow() === 'ask') await Notification.requestPermission()
  return permissionNow()
}

/** Shows one; a later one with the same tag takes its place. */
export async function notify(text: string, tag: string): Promise<void> {
  if (permissionNow() !== 'granted') return
  const registration = await navigator.serviceWorker.ready
  await registration.showNotification('wattslug', { body: text, tag, icon: 'icon-192.png', badge: 'icon-192.png' })
}
