/** The views that the page has. Pure. */

/** The names of the views, as they stand behind `#` in the address. */
export const viewNames = ['now', 'history', 'cost', 'console', 'device'] as const
export type ViewName = (typeof viewNames)[number]
