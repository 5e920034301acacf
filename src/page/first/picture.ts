/** A drawing of what is plugged in where: the display, its cable, and the machine. */

const svg = 'http://www.w3.org/2000/svg'

/** By what part of it they are. */
const shapes = {
  display: 'M14 14h60a8 8 0 0 1 8 8v38a8 8 0 0 1-8 8H14a8 8 0 0 1-8-8V22a8 8 0 0 1 8-8ZM30 68l-4 10M58 68l4 10M22 78h44',
  number: 'M22 52V32l-5 4M32 32h11l-6 20M53 32v12h11M64 32v20',
  socket: 'M36 60h16v8H36Z',
  cable: 'M44 70c0 26 40 30 62 22s26-30 50-30',
  plug: 'M156 56h14v12h-14ZM170 59h8v6h-8Z',
  machine: 'M178 40h50a8 8 0 0 1 8 8v28a8 8 0 0 1-8 8h-50a8 8 0 0 1-8-8V48a8 8 0 0 1 8-8ZM220 52v.1M220 60v.1'
} as const

export function makePicture(): SVGElement {
  const root = document.createElementNS(svg, 'svg')
  root.setAttribute('class', 'first-picture')
  root.setAttribute('viewBox', '0 0 242 100')
  root.setAttribute('aria-hidden', 'true')
  for (const [name, path] of Object.entries(shapes)) {
    const shape = document.createElementNS(svg, 'path')
    shape.setAttribute('class', name)
    shape.setAttribute('d', path)
    root.append(shape)
  }
  return root
}
