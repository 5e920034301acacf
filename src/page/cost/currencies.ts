/** Which currency a browser's user is likely to pay in. Pure. */

/** By region; what is not here and pays in euros is below. */
const byRegion: Readonly<Record<string, string>> = {
  ...{ GB: 'GBP', IM: 'GBP', JE: 'GBP', GG: 'GBP', US: 'USD', CA: 'CAD', AU: 'AUD', NZ: 'NZD', CH: 'CHF', LI: 'CHF', SE: 'SEK', NO: 'NOK' },
  ...{ DK: 'DKK', IS: 'ISK', PL: 'PLN', CZ: 'CZK', HU: 'HUF', RO: 'RON', UA: 'UAH', TR: 'TRY', IL: 'ILS', ZA: 'ZAR', IN: 'INR', JP: 'JPY' },
  ...{ KR: 'KRW', CN: 'CNY', HK: 'HKD', TW: 'TWD', SG: 'SGD', MY: 'MYR', TH: 'THB', PH: 'PHP', ID: 'IDR', VN: 'VND', BR: 'BRL', MX: 'MXN' },
  ...{ AR: 'ARS', CL: 'CLP', CO: 'COP', AE: 'AED', SA: 'SAR', EG: 'EGP', KE: 'KES', NG: 'NGN', RS: 'RSD', NP: 'NPR', PK: 'PKR', WS: 'WST' }
}

/** Of a locale such as `en-GB`; a language alone has the region where most speak it. */
export function currencyFor(locale: string): string {
  const { region = '' } = new Intl.Locale(locale).maximize()
  return byRegion[region] ?? 'EUR'
}

/** All that the browser knows, and the one that is set, by what they are called. */
export function listCurrencies(locale: string, set: string): readonly { readonly code: string; readonly name: string }[] {
  const names = new Intl.DisplayNames(locale, { type: 'currency' })
  return [...new Set([...Intl.supportedValuesOf('currency'), set])]
    .map(code => ({ code, name: names.of(code) ?? code }))
    .sort((a, b) => a.name.localeCompare(b.name, locale))
}
