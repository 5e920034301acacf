/** What the alerts say, in each language: loaded with them. */

interface AlertWords {
  readonly title: string
  readonly why: string
  readonly limits: string
  readonly insecure: string
  readonly unable: string
  readonly denied: string
  readonly usage: string
  readonly silent: string
  readonly idle: string
  readonly above: string
  readonly below: string
  readonly minutes: string
  readonly hours: string
  readonly sensor: string
  readonly idleHint: string
  readonly save: string
  readonly test: string
  readonly tested: string
  readonly usageFired: (power: string, minutes: number) => string
  readonly silentFired: (meter: string, minutes: number) => string
  readonly idleFired: (sensor: string, power: string, hours: number) => string
}

const english: AlertWords = {
  title: 'Alerts',
  why: 'This browser tells you when something is odd at home.',
  limits:
    'Alerts come while this page is open, in front or in the background. Phones put background pages to sleep after a while, and a closed page says nothing.',
  insecure:
    'Browsers allow notifications over HTTPS only, and this page came without (wattslug speaks it, too: the setting tls). You may set the rules, but no alert will come.',
  unable:
    'This browser shows no notifications of this page. An iPhone or iPad wants it on the home screen first; a certificate that wattslug made itself has to be trusted on the phone, not only for one visit.',
  denied: 'Notifications are turned off for this page: allow them in the browser’s settings.',
  usage: 'High usage',
  silent: 'Meter silent',
  idle: 'A sensor stays off',
  above: 'Above, in watts',
  below: 'Below, in watts',
  minutes: 'For minutes',
  hours: 'For hours',
  sensor: 'Sensor',
  idleHint: 'For what comes and goes by itself, such as a fridge.',
  save: 'Save',
  test: 'Send a test',
  tested: 'This is what an alert looks like.',
  usageFired: (power, minutes) => `The house has drawn more than ${power} for ${minutes} min.`,
  silentFired: (meter, minutes) => `Nothing was heard of ${meter || 'the meter'} for ${minutes} min.`,
  idleFired: (sensor, power, hours) => `\u2068${sensor}\u2069 has stayed below ${power} for ${hours} h, or was not heard.`
}

const german: AlertWords = {
  title: 'Benachrichtigungen',
  why: 'Dieser Browser meldet sich, wenn zu Hause etwas ungewöhnlich ist.',
  limits:
    'Benachrichtigungen kommen, solange diese Seite offen ist, vorn oder im Hintergrund. Telefone legen Seiten im Hintergrund nach einer Weile schlafen, und eine geschlossene Seite meldet nichts.',
  insecure:
    'Browser erlauben Benachrichtigungen nur über HTTPS, und diese Seite kam ohne (wattslug kann es auch: die Einstellung tls). Die Regeln lassen sich setzen, aber es wird keine kommen.',
  unable:
    'Dieser Browser zeigt keine Benachrichtigungen dieser Seite. Ein iPhone oder iPad will sie erst auf dem Home-Bildschirm; einem Zertifikat, das wattslug selbst gemacht hat, muss das Telefon vertrauen, nicht nur für einen Besuch.',
  denied: 'Benachrichtigungen sind für diese Seite abgeschaltet: In den Einstellungen des Browsers lassen sie sich erlauben.',
  usage: 'Hoher Verbrauch',
  silent: 'Zähler stumm',
  idle: 'Ein Sensor bleibt aus',
  above: 'Über, in Watt',
  below: 'Unter, in Watt',
  minutes: 'Minuten lang',
  hours: 'Stunden lang',
  sensor: 'Sensor',
  idleHint: 'Für das, was von selbst kommt und geht, wie ein Kühlschrank.',
  save: 'Speichern',
  test: 'Probe senden',
  tested: 'So sieht eine Benachrichtigung aus.',
  usageFired: (power, minutes) => `Das Haus braucht seit ${minutes} min mehr als ${power}.`,
  silentFired: (meter, minutes) => `Von ${meter || 'dem Zähler'} war ${minutes} min lang nichts zu hören.`,
  idleFired: (sensor, power, hours) => `\u2068${sensor}\u2069 ist seit ${hours} h unter ${power}, oder war nicht zu hören.`
}

/** @param language as the page's strings have it */
export function alertWords(language: string): AlertWords {
  return language === 'de' ? german : english
}
