/** Places below the root of the topics: where a sensor stands, and how many there may be. Pure. */

export type Place =
  | { readonly kind: 'sensor'; readonly meter: string; readonly sensor: number }
  | { readonly kind: 'derived'; readonly name: string }

/** A meter numbers its sensors 0 to 9. */
export const sensorsMax = 10
export const derivedMax = 8
/** As they are called below `bridge/`; the first one's sensors stand without it. */
export const meterIds = ['meter', 'meter2', 'meter3', 'meter4'] as const
export const placesMax = meterIds.length * sensorsMax + derivedMax

/** `0`, `meter2/0`, or the name of a derived sensor. */
export function readPlace(text: string): Place | undefined {
  const [, meter = meterIds[0], sensor, name] = /^(?:(?:(meter[2-4])\/)?(\d)|(?!bridge$|meter\d$)([a-z][a-z0-9-]{0,19}))$/.exec(text) ?? []
  if (sensor !== undefined) return { kind: 'sensor', meter, sensor: Number(sensor) }
  return name === undefined ? undefined : { kind: 'derived', name }
}

export function placeOf(meter: string, sensor: number): string {
  return meter === meterIds[0] ? String(sensor) : `${meter}/${sensor}`
}

/** The first meter is number 1. */
export function meterNumber(meter: string): number {
  return (meterIds as readonly string[]).indexOf(meter) + 1
}
