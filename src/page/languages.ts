/** The languages that the page speaks. Pure. */

/** By code, each called as it calls itself. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

/** @param tag such as `de-AT` */
export function languageOf(tag: string): Language | undefined {
  const [code = ''] = tag.toLowerCase().split('-')
  return code === 'en' || code === 'de' ? code : undefined
}
