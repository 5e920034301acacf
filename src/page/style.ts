/** Style sheets of views, linked when they are wanted first. */

const loaded = new Map<string, Promise<void>>()

/** Settles when `<name>.css` holds; one that did not come is asked for again the next time. */
export function loadStyle(name: string): Promise<void> {
  const loading = loaded.get(name) ?? link(name)
  loaded.set(name, loading)
  return loading
}

function link(name: string): Promise<void> {
  const element = document.createElement('link')
  element.rel = 'stylesheet'
  element.href = `${name}.css`
  document.head.append(element)
  return new Promise((resolve, reject) => {
    element.addEventListener('load', () => resolve())
    element.addEventListener('error', () => {
      loaded.delete(name)
      element.remove()
      reject(new Error(`No ${element.href}`))
    })
  })
}
