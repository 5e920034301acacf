/** What the browser keeps for the page, where it lets it: with storage turned off nothing is kept, and nothing breaks. */

const prefix = 'wattslug.'

/** On this device, or until the page is closed. */
export type Kept = 'localStorage' | 'sessionStorage'

/** What was kept under a name, or undefined. */
export function recall(name: string, where: Kept = 'localStorage'): string | undefined {
  try {
    return window[where].getItem(prefix + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Calls when another tab keeps something under a name on this device, or forgets it. Answers how to stop listening. */
export function onKept(name: string, happened: () => void): () => void {
  const take = ({ key }: StorageEvent) => {
    if (key === prefix + name) happened()
  }
  addEventListener('storage', take)
  return () => removeEventListener('storage', take)
}

/** Keeps a text under a name; undefined forgets it. */
export function keep(name: string, text: string | undefined, where: Kept = 'localStorage'): void {
  try {
    if (text === undefined) window[where].removeItem(prefix + name)
    else window[where].setItem(prefix + name, text)
  } catch {
    // turned off, or full
  }
}
