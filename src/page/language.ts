/** Which language the page speaks: the user's choice, else the browser's; English costs nothing, each other one a file. */

import { type Formats, formatsFor } from './format.ts'
import { type Language, languageOf } from './languages.ts'
import type { AllStrings } from './later.ts'
import { keep, recall } from './storage.ts'
import { english, type Strings } from './strings.ts'

/** What the user chose, or undefined for the browser's own. */
export function chosenLanguage(): Language | undefined {
  return languageOf(recall('language') ?? '')
}

/** Speaks this language from now on, or with undefined the browser's own; the page loads anew. */
export function chooseLanguage(language: Language | undefined): void {
  keep('language', language)
  location.reload()
}

/** The words, and the formats that go with them. */
export async function loadLanguage(): Promise<{ readonly strings: Strings; readonly formats: Formats }> {
  const strings = (chosenLanguage() ?? languageOf(navigator.language)) === 'de' ? await loadGerman() : english
  return { strings, formats: formatsFor(localeNow(), strings) }
}

/** The browser's own locale, with its region, unless another language was chosen. */
export function localeNow(): string {
  const chosen = chosenLanguage()
  return chosen === undefined || chosen === languageOf(navigator.language) ? navigator.language : chosen
}

/** The words of all views. */
export async function loadAllStrings(strings: Strings): Promise<AllStrings> {
  if (strings.language === 'de') return (await import('./german.ts')).german
  return { ...strings, ...(await import('./later.ts')).laterEnglish }
}

/** English, when the file does not come. */
async function loadGerman(): Promise<Strings> {
  try {
    return (await import('./german.ts')).german
  } catch {
    return english
  }
}
