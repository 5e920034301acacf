/** What the browser keeps for the page, where it lets it: with storage turned off nothing is kept, and nothing breaks. */

const prefix = 'wattslug.'

/** What was kept under a name, or undefined. */
export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps a text under a name; undefined forgets it. */
export function keep(name: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(prefix + name)
    else localStorage.setItem(prefix + name, text)
  } catch {
    // turned off, or full
  }
}
