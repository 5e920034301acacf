/** Takes out of a text what is secret or private, so that it can be given to whoever helps. */

/** What is taken out wherever it stands, and what stands there instead. */
const patterns: readonly (readonly [RegExp, string | ((found: string, before: string) => string)])[] = [
  [/-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g, '[pem]'],
  [/\$\d[a-z]?\$[^\s"',;]+/g, '[hash]'],
  [/\b(basic|bearer) +[\w+/.=~-]{4,}/gi, '[credentials]'],
  [
    /((?:password|passwd|passphrase|secret|token)"?[ \t]*[=:]\s*)(?!\s|"?(?:true|false|null|none|set|unusable)\b)(?:"[^"]*"|[^\s,;&]+)/gi,
    keepBefore('[secret]')
  ],
  [/(:\/\/)[^\s/@"]+@/g, keepBefore('[credentials]@')],
  [/(:\/\/)([a-z][\w.-]*)/gi, (found, before) => (found === `${before}localhost` ? found : `${before}[host]`)],
  [/(\/home\/)[^\s/"]+/g, keepBefore('[user]')],
  [/\b(?:[\da-f]{2}:){5}[\da-f]{2}\b/gi, '[mac]'],
  [/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g, found => (isOfTheHouse(found) ? found : '[address]')],
  [/(?<![\w:])[\da-f]*:[\da-f:]*:[\da-f]*(?![\w:])/gi, found => (isNetworkAddress(found) ? '[address]' : found)]
]

/**
 * Takes it out.
 * @param known words that are private here, such as names of users and of this machine
 */
export function redact(text: string, known: readonly string[]): string {
  // The longest first, for one may be a part of another.
  const words = known.filter(word => word.length > 1).sort((a, b) => b.length - a.length)
  const named = words.reduce(
    (rest, word) => rest.replaceAll(new RegExp(`(?<![\\w-])${word.replaceAll(/[^\w]/g, '\\$&')}(?![\\w-])`, 'gi'), '[name]'),
    text
  )
  return patterns.reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead as string), named)
}

function keepBefore(instead: string): (found: string, before: string) => string {
  return (_found, before) => before + instead
}

/** Private, loopback, link-local, and those that mean no machine at all (RFC 1918, 3927, 6890). */
function isOfTheHouse(address: string): boolean {
  return /^(?:0|10|127|255)\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.168\./.test(address)
}

/** An IPv6 address that others may reach; times of day have colons too. */
function isNetworkAddress(found: string): boolean {
  const isAddress = found.includes('::') || found.split(':').length === 8
  return isAddress && !/^(?:::1?$|fe[89ab]|f[cd]|::ffff)/i.test(found)
}
